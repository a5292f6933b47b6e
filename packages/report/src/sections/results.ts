import type { BenchmarkView, ComparedBenchmark, ComparisonView, MetricView, ResultView, View } from "@mlan/run-view";
import { bracketed, bracketedPoints, count, listed, percent, points, pValue } from "../format.ts";
import { type Content, html, type Html } from "../html.ts";
import type { ModelData } from "../page-data.ts";
import { scrollTable, swatch } from "./parts.ts";

/** The plot of all headline metrics, the table of their values, and the table of the paired tests. */
export function resultsSection(view: View, models: readonly ModelData[]): Html | undefined {
  if (view.results.length === 0) return undefined;
  const several = view.models.some(({ evaluations }) => evaluations.length > 1);
  return html`<section aria-labelledby="results">
    <h2 id="results">Results</h2>
    <p class="note">
      Headline metric of each benchmark in %, with 95 % intervals over questions.
      ${several ? "Small marks are individual seeds: their spread is not included in the intervals." : ""} A dashed line
      marks the accuracy of guessing, where it is known.
    </p>
    <figure>
      <ul class="legend" data-legend="models"></ul>
      <div class="plot-place" data-plot="results"></div>
    </figure>
    ${metricTable(view, models)} ${comparisonTables(view)}
  </section>`;
}

function metricTable(view: View, models: readonly ModelData[]): Html {
  const rows = view.benchmarks.flatMap((benchmark) => rowsOf(benchmark, view));
  return scrollTable("Accuracy and further metrics in %, 95 % intervals over questions in brackets", [
    html`<th scope="col">benchmark</th>
      <th scope="col">metric</th>
      ${view.models.map((_, index) => html`<th scope="col" class="number">${swatch(models[index])}</th>`)}
      <th scope="col" class="number">guessing</th>
      <th scope="col" class="number">n</th>`,
    ...rows,
  ]);
}

/** Returns a row per metric, and a row for the share of unreadable answers if there are any. */
function rowsOf(benchmark: BenchmarkView, { models, results }: View): readonly Html[] {
  const cells = models.map((model) => results.find((result) => result.model === model.id && isOf(result, benchmark)));
  const metrics = [...new Set(cells.flatMap((result) => result?.metrics.map(({ name }) => name) ?? []))];
  const row = (name: Content, metric: string, values: readonly Content[], isFirst: boolean): Html =>
    html`<tr class="${isFirst ? "first" : "more"}">
      <th scope="row" ${isFirst ? html` data-benchmark="${name}"` : undefined}>${name}</th>
      <td>${metric}</td>
      ${values.map((value) => html`<td class="number">${value}</td>`)}
      <td class="number">${isFirst && benchmark.chance !== undefined ? percent(benchmark.chance) : ""}</td>
      <td class="number">${isFirst ? questionCount(benchmark) : ""}</td>
    </tr>`;
  const several =
    new Set(results.filter((one) => one.benchmark === benchmark.benchmark).map(({ protocol }) => protocol)).size > 1;
  const title = several ? `${benchmark.benchmark} (${benchmark.protocol})` : benchmark.benchmark;
  const unreadable = cells.map((result) => result?.unreadable);
  return [
    ...metrics.map((metric, index) =>
      row(
        index === 0 ? title : "",
        metric,
        cells.map((result) => metricCell(result?.metrics.find(({ name }) => name === metric))),
        index === 0,
      ),
    ),
    ...(unreadable.some((share = 0) => share > 0)
      ? [
          row(
            "",
            "unreadable",
            unreadable.map((share) => (share === undefined ? "" : percent(share))),
            false,
          ),
        ]
      : []),
  ];
}

function isOf(result: ResultView | ComparedBenchmark, { benchmark, protocol }: BenchmarkView): boolean {
  return result.benchmark === benchmark && result.protocol === protocol;
}

function metricCell(metric: MetricView | undefined): Content {
  if (!metric) return "";
  const { value, interval, overSeeds } = metric;
  const spread = overSeeds
    ? html`<br /><span class="interval"
          >seeds ${percent(overSeeds.lowest)} to ${percent(overSeeds.highest)}, ${bracketed(overSeeds.interval)}</span
        >`
    : undefined;
  return html`${percent(value)}<span class="interval">${bracketed(interval)}</span>${spread}`;
}

function questionCount({ questions, questionsInBenchmark }: BenchmarkView): string {
  return questionsInBenchmark === undefined
    ? count(questions)
    : `${count(questions)} of ${count(questionsInBenchmark)}`;
}

function comparisonTables({ comparisons, models }: View): Content {
  const labelOf = (id: string): string => models.find((model) => model.id === id)?.label ?? id;
  if (comparisons.length === 0) return undefined;
  const tables = comparisons.map((comparison) => {
    const rows = comparison.benchmarks.map(comparedRow);
    return html`<h3>${labelOf(comparison.model)} against ${labelOf(comparison.base)}</h3>
      ${rows.length > 0 ? scrollTable("Differences in percentage points on the same questions", [COMPARED_HEAD, ...rows]) : undefined}
      ${differencesOf(comparison)}
      ${comparison.notCompared.map(({ benchmark, protocol, reason }) => html`<p class="note">Not compared on ${benchmark} (${protocol}): ${reason}</p>`)}`;
  });
  return html`<details${comparisons.length < 4 ? html` open` : undefined}><summary>Paired tests against the base</summary>
<p class="note">p-values are adjusted with Holm's method over the benchmarks of a comparison; a difference is claimed only if the adjusted p-value is at most 0.05. "Detectable" is the smallest difference that the test detects with 80 % power.</p>${tables}</details>`;
}

/** What differs between the evaluations besides the models, in one sentence per kind of difference. */
function differencesOf({ benchmarks }: ComparisonView): Content {
  return (["questions", "prompts", "protocol"] as const).map((kind) => {
    const names = benchmarks.filter(({ differs }) => differs.includes(kind)).map(({ benchmark }) => benchmark);
    if (names.length === 0) return undefined;
    const where = names.length === benchmarks.length ? "every benchmark" : listed(names);
    return html`<p class="note">
      The two models were evaluated with different ${kind} on ${where}, so differences are not due to the models alone.
    </p>`;
  });
}

const COMPARED_HEAD = html`<th scope="col">benchmark</th>
  <th scope="col" class="number">difference</th>
  <th scope="col">result</th>
  <th scope="col" class="number">adjusted p</th>
  <th scope="col" class="number">only model right</th>
  <th scope="col" class="number">only base right</th>
  <th scope="col" class="number">n</th>
  <th scope="col" class="number">detectable</th>`;

function comparedRow(one: ComparedBenchmark): Html {
  const { benchmark, difference, interval, verdict, adjustedP, discordant, questions, clusters, overSeeds } = one;
  const style = { better: "better", worse: "worse", "no difference shown": "muted" }[verdict];
  const seeds = overSeeds
    ? html`<br /><span class="interval">seeds ${points(overSeeds.lowest)} to ${points(overSeeds.highest)}</span>`
    : undefined;
  const groups = clusters < questions ? ` in ${count(clusters)} groups` : "";
  return html`<tr>
    <th scope="row">${benchmark}</th>
    <td class="number">${points(difference)}<span class="interval">${bracketedPoints(interval)}</span>${seeds}</td>
    <td class="verdict ${style}">${verdict}</td>
    <td class="number">${pValue(adjustedP)}</td>
    <td class="number">${discordant ? count(discordant.onlyModel) : ""}</td>
    <td class="number">${discordant ? count(discordant.onlyBase) : ""}</td>
    <td class="number">${count(questions)}${groups}</td>
    <td class="number">${one.minimumDetectableEffect === undefined ? "" : percent(one.minimumDetectableEffect)}</td>
  </tr>`;
}
