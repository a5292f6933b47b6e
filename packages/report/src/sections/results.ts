import type { BenchmarkView, MetricView, ResultView, View } from "@mlan/run-view";
import { bracketed, count, counted, percent } from "../format.ts";
import { type Content, html, type Html } from "../html.ts";
import type { ModelData } from "../page-data.ts";
import { scrollTable, swatch } from "./parts.ts";

/** The plot of all headline metrics, and the table of their values. */
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
    ${metricTable(view, models)} ${guessingNotes(view)}
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
      <td class="number">${isFirst ? guessingText(benchmark) : ""}</td>
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
        cells.map((result) =>
          metricCell(
            result?.metrics.find(({ name }) => name === metric),
            index === 0 && result?.isAboveGuessing === false,
          ),
        ),
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

function isOf(result: ResultView, { benchmark, protocol }: BenchmarkView): boolean {
  return result.benchmark === benchmark && result.protocol === protocol;
}

/** A metric with its intervals. `isGuess`: whether an interval reaches down to the accuracy of guessing. */
function metricCell(metric: MetricView | undefined, isGuess: boolean): Content {
  if (!metric) return "";
  const { value, interval, overSeeds } = metric;
  const spread = overSeeds
    ? html`<br /><span class="interval"
          >seeds ${percent(overSeeds.lowest)} to ${percent(overSeeds.highest)}, ${bracketed(overSeeds.interval)}</span
        >`
    : undefined;
  const text = isGuess ? html`<span class="guess">${percent(value)}°</span>` : percent(value);
  return html`${text}<span class="interval">${bracketed(interval)}</span>${spread}`;
}

function guessingText({ guessing }: BenchmarkView): string {
  if (!guessing) return "";
  return `${percent(guessing.accuracy)}${guessing.name === "guessing" ? "" : "*"}`;
}

/** Explains the marks of the table, where it has any. */
function guessingNotes({ models, benchmarks, results }: View): Content {
  const several = models.some(({ evaluations }) => evaluations.length > 1);
  const isMarked = results.some(({ isAboveGuessing }) => isAboveGuessing === false);
  const frequent = benchmarks.filter(({ guessing }) => guessing?.name === "most frequent answer");
  return [
    isMarked
      ? html`<p class="note">
          ° Not above guessing: the interval over questions reaches down to
          it${several ? ", that of the mean or of one of the seeds" : ""}.
        </p>`
      : undefined,
    frequent.length > 0
      ? html`<p class="note">
          * Always giving the most frequent answer of each kind of question
          (${frequent.map(({ benchmark, guessing }) => `${benchmark}: ${counted(guessing?.kinds ?? 0, "kind")}`).join(", ")}).
        </p>`
      : undefined,
  ];
}

function questionCount({ questions, questionsInBenchmark }: BenchmarkView): string {
  return questionsInBenchmark === undefined
    ? count(questions)
    : `${count(questions)} of ${count(questionsInBenchmark)}`;
}
