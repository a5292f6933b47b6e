import {
  aboveGuessing,
  armLabels,
  type ComparedBenchmark,
  mainPairs,
  type MeanDifference,
  type PairView,
  verdictCounts,
  type View,
} from "@mlan/run-view";
import { bracketedPoints, counted, flops, listed, points, significant } from "../format.ts";
import { type Content, html, type Html } from "../html.ts";
import { scrollTable } from "./parts.ts";

/** The most pairs that have a sentence. */
const MANY_SENTENCES = 4;

/** Answers which tuned model is better: a sentence per leading pair, and a table with a row per pair. */
export function pairsAnswer(view: View): Html {
  const { pairs } = view;
  const leading = pairs.filter(({ isLeading }) => isLeading);
  const shown = mainPairs(pairs);
  return html`<div class="answer">
      ${leading.slice(0, MANY_SENTENCES).map((pair) => html`<p>${sentenceOf(pair, view)}</p>`)}
    </div>
    ${pairTable(shown, view)}
    ${
      shown.length < pairs.length
        ? html`<details>
            <summary>All ${counted(pairs.length, "pair")}</summary>
            ${pairTable(pairs, view)}
          </details>`
        : undefined
    }`;
}

function sentenceOf(pair: PairView, view: View): Content {
  const { backbone, benchmarks, means, notCompared } = pair;
  const labelOf = armLabels(view.models);
  const shareOf = (id: string): string => {
    const share = view.models.find((model) => model.id === id)?.languageShare;
    return view.languageShares.length === 0 || share === undefined ? "" : ` (${percentText(share)} language)`;
  };
  const model = html`<b>${labelOf(pair.model)}</b>${shareOf(pair.model)}`;
  const base = html`<b>${labelOf(pair.base)}</b>${shareOf(pair.base)}`;
  const on = backbone === undefined ? "" : `, ${backbone}`;
  if (benchmarks.length === 0) {
    const [reason] = notCompared;
    return html`${model} and ${base}${on} could not be compared on any benchmark.${reason && ` ${reason.reason}`}`;
  }
  const all = counted(benchmarks.length, "benchmark");
  const claims = CLAIMS.map(([verdict, text], place) => {
    const names = benchmarks.filter((one) => one.verdict === verdict).map(({ benchmark }) => benchmark);
    const number = place === 0 ? `${names.length || "none"} of ${all}` : `${names.length || "none"}`;
    return `${text} ${number}${names.length > 0 && verdict !== "no difference shown" ? ` (${names.join(", ")})` : ""}`;
  });
  const mean = means.map((one) => `${points(one.difference)} points${intervalsOf(one)}${placeOf(one)}`);
  return html`${model} against ${base}${on}: ${claims.join(", ")}. ${seedsOf(benchmarks)}
  ${mean.length > 0 ? `Mean difference: ${listed(mean)}.` : ""} ${costOf(pair, view)}`;
}

const CLAIMS = [
  ["better", "better on"],
  ["worse", "worse on"],
  ["no difference shown", "not told apart on"],
] as const;

/** Says whether the seeds agree on the benchmarks with a verdict; "" with one seed. */
function seedsOf(benchmarks: readonly ComparedBenchmark[]): string {
  const decided = benchmarks.filter(({ verdict, overSeeds }) => verdict !== "no difference shown" && overSeeds);
  if (decided.length === 0) return "";
  const agreed = decided.filter(({ difference, overSeeds }) =>
    overSeeds?.values.every(({ value }) => Math.sign(value) === Math.sign(difference)),
  );
  if (agreed.length === decided.length) return "All seeds agree on these.";
  return agreed.length === 0
    ? "The seeds agree on none of these."
    : `All seeds agree only on ${listed(agreed.map(({ benchmark }) => benchmark))}.`;
}

function intervalsOf({ interval, overSeeds }: MeanDifference): string {
  if (!interval || !overSeeds) return ` ${bracketedPoints(interval)}`.trimEnd();
  return ` (${bracketedPoints(interval)} over questions, ${bracketedPoints(overSeeds.interval)} over seeds)`;
}

const TITLES = { text: "language", image: "vision", all: "" } as const;

function placeOf({ modality, benchmarks }: MeanDifference): string {
  return modality === "all" ? "" : ` on the ${counted(benchmarks.length, `${TITLES[modality]} benchmark`)}`;
}

function costOf({ model, base }: PairView, { models }: View): string {
  const [one, other] = [model, base].map((id) => models.find((known) => known.id === id)?.training);
  if (!one || !other || one.steps === 0) return "";
  return `Training took ${flops(one.flops)}, against ${flops(other.flops)}.`;
}

function percentText(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

function pairTable(pairs: readonly PairView[], view: View): Html {
  const columns = [...new Map(pairs.flatMap(({ means }) => means.map((mean) => [titleOf(mean, view), mean]))).keys()];
  const several = view.models.some(({ evaluations }) => evaluations.length > 1);
  const head = html`<th scope="col">tuned models</th>
    ${["better", "worse", "not told apart"].map((title) => html`<th scope="col" class="number narrow">${title}</th>`)}
    ${columns.map((title) => html`<th scope="col" class="number">${title}</th>`)}
    <th scope="col" class="number narrow">above guessing</th>
    <th scope="col" class="number narrow">training, TFLOP</th>`;
  const leaders = [...new Map(pairs.map((pair) => [pair.model, pair])).values()];
  const rows = leaders.flatMap(({ model, backbone }) => [
    html`<tr>
      <th scope="rowgroup" colspan="${columns.length + 6}">
        ${backbone === undefined ? "" : `${backbone}: `}${armLabels(view.models)(model)} against
      </th>
    </tr>`,
    ...pairs.filter((pair) => pair.model === model).map((pair) => pairRow(pair, columns, view)),
  ]);
  return scrollTable(
    `Benchmarks on which the first model is better or worse than the second (paired tests over questions, Holm's correction), and mean differences in points with 95 % intervals over questions${several ? ", and below over seeds" : ""}. Guessing and training: first model, second model.`,
    [head, ...rows],
  );
}

/** The heading of a column of mean differences. */
function titleOf({ modality, protocol }: MeanDifference, { benchmarks }: View): string {
  const isSeveral = benchmarks.some((one) => one.protocol !== protocol);
  return `${`${TITLES[modality]} mean`.trim()}${isSeveral ? `, ${protocol}` : ""}`;
}

function pairRow(pair: PairView, columns: readonly string[], view: View): Html {
  const { model, base, means, isLeading } = pair;
  const [better, worse, open] = verdictCounts(pair);
  const above = [model, base].map((id) => aboveGuessing(view, id));
  const training = [model, base].map((id) => view.models.find((one) => one.id === id)?.training.flops ?? NaN);
  return html`<tr${isLeading && view.pairs.length > 1 ? html` class="leading"` : undefined}>
    <th scope="row">${armLabels(view.models)(base)}</th>
    <td class="number${better > 0 ? " better" : ""}">${better}</td>
    <td class="number${worse > 0 ? " worse" : ""}">${worse}</td>
    <td class="number">${open}</td>
    ${columns.map((title) => meanCell(means.find((mean) => titleOf(mean, view) === title)))}
    <td class="number">${above.map((one) => (one ? `${one[0]} of ${one[1]}` : "–")).join(", ")}</td>
    <td class="number">${training.map((operations) => significant(operations / 1e12)).join(", ")}</td>
  </tr>`;
}

function meanCell(mean: MeanDifference | undefined): Html {
  const seeds = mean?.overSeeds
    ? html`<br /><span class="interval">seeds ${bracketedPoints(mean.overSeeds.interval)}</span>`
    : undefined;
  return html`<td class="number">
    ${mean ? points(mean.difference) : ""}<span class="interval">${bracketedPoints(mean?.interval)}</span>${seeds}
  </td>`;
}
