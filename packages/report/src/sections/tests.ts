import {
  aboveGuessing,
  type AverageView,
  type ComparedBenchmark,
  type ComparisonView,
  type EvaluatedModel,
  labels,
  verdictCounts,
  type View,
} from "@mlan/run-view";
import {
  bracketed,
  bracketedPoints,
  count,
  duration,
  listed,
  percent,
  points,
  pValue,
  significant,
} from "../format.ts";
import { type Content, html, type Html } from "../html.ts";
import type { ModelData } from "../page-data.ts";
import { scrollTable, swatch } from "./parts.ts";

/** With more comparisons, their tables are folded. */
const FEW_COMPARISONS = 4;

/** The tests of tuned models against each other, benchmark by benchmark. */
export function pairsSection(view: View): Html | undefined {
  if (view.pairs.length === 0) return undefined;
  return html`<section aria-labelledby="pairs">
    <h2 id="pairs">Tuned models against each other</h2>
    ${METHOD} ${testTables("Each pair, benchmark by benchmark", view.pairs, view)}
  </section>`;
}

/** What each model gained over its base: a summary by model, and the tests benchmark by benchmark. */
export function baseSection(view: View, models: readonly ModelData[]): Html | undefined {
  const { comparisons } = view;
  if (comparisons.length === 0) return undefined;
  const bases = [...new Set(comparisons.map(({ base }) => labels(view.models)(base)))];
  return html`<section aria-labelledby="base">
    <h2 id="base">Against ${listed(bases)}</h2>
    ${comparisons.length > 1 ? modelTable(view, models) : undefined} ${view.pairs.length === 0 ? METHOD : undefined}
    ${testTables("Each model, benchmark by benchmark", comparisons, view)}
  </section>`;
}

const METHOD = html`<p class="note">
  Paired tests on the same questions. p-values are adjusted with Holm's method over the benchmarks of a comparison, but
  not over comparisons; a difference is claimed only if the adjusted p-value is at most 0.05. "Detectable" is the
  smallest difference that the test detects with 80 % power.
</p>`;

function modelTable(view: View, data: readonly ModelData[]): Html {
  const { models, averages, comparisons } = view;
  const modalities = [...new Set(averages.map(({ modality }) => modality))];
  const averageOf = (model: EvaluatedModel, modality: AverageView["modality"]): AverageView | undefined =>
    averages.find((one) => one.model === model.id && one.modality === modality);
  const title = { text: "language", image: "vision" };
  const head = html`<th scope="col">model</th>
    <th scope="col" class="number">better</th>
    <th scope="col" class="number">worse</th>
    <th scope="col" class="number">not told apart</th>
    <th scope="col" class="number">above guessing</th>
    ${modalities.map((modality) => html`<th scope="col" class="number">${title[modality]} mean</th>`)}
    <th scope="col" class="number">TFLOP</th>
    <th scope="col" class="number">time</th>`;
  const rows = models.map((model, index) => {
    const comparison = comparisons.find((one) => one.model === model.id);
    const above = aboveGuessing(view, model.id);
    return html`<tr>
      <th scope="row">${swatch(data[index])}</th>
      ${(comparison ? verdictCounts(comparison) : ["–", "–", "–"]).map((number) => html`<td class="number">${number}</td>`)}
      <td class="number">${above ? `${above[0]} of ${above[1]}` : "–"}</td>
      ${modalities.map((modality) => averageCell(averageOf(model, modality)))}
      <td class="number">${significant(model.training.flops / 1e12)}</td>
      <td class="number">${duration(model.training.seconds)}</td>
    </tr>`;
  });
  return scrollTable("Benchmarks on which each model differs from its base, mean accuracy in %, and cost of training", [
    head,
    ...rows,
  ]);
}

function averageCell(average: AverageView | undefined): Html {
  const seeds = average?.overSeeds
    ? html`<br /><span class="interval">seeds ${bracketed(average.overSeeds.interval)}</span>`
    : undefined;
  return html`<td class="number">
    ${average ? percent(average.value) : ""}<span class="interval">${bracketed(average?.interval)}</span>${seeds}
  </td>`;
}

function testTables(summary: string, comparisons: readonly ComparisonView[], { models }: View): Html {
  const labelOf = labels(models);
  const tables = comparisons.map((comparison) => {
    const rows = comparison.benchmarks.map(comparedRow);
    return html`<h3>${labelOf(comparison.model)} against ${labelOf(comparison.base)}</h3>
      ${rows.length > 0 ? scrollTable("Differences in percentage points on the same questions", [COMPARED_HEAD, ...rows]) : undefined}
      ${differencesOf(comparison)}
      ${comparison.notCompared.map(({ benchmark, protocol, reason }) => html`<p class="note">Not compared on ${benchmark} (${protocol}): ${reason}</p>`)}`;
  });
  return html`<details${comparisons.length < FEW_COMPARISONS ? html` open` : undefined}><summary>${summary}</summary>${tables}</details>`;
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
  <th scope="col" class="number">only first right</th>
  <th scope="col" class="number">only second right</th>
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
