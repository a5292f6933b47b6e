import { armLabels, type ComparedBenchmark, type ComparisonView, labels, type View } from "@mlan/run-view";
import { bracketed, bracketedPoints, counted, duration, flops, listed, percent, points } from "../format.ts";
import { type Content, html, type Html } from "../html.ts";
import { pairsAnswer } from "./pairs.ts";

/** Returns the question that a view answers, as the page's heading. */
export function questionOf({ models, pairs, comparisons, languageShares }: View): string {
  const labelOf = labels(models);
  const [first, ...others] = comparisons;
  if (languageShares.length > 0) return "How does the share of language in tuning change accuracy?";
  if (pairs.length > 0) {
    const tuned = [...new Set(pairs.flatMap(({ model, base }) => [model, base]).map(armLabels(models)))];
    const [one, other] = tuned;
    if (tuned.length === 2) return `Is ${one} better than ${other}?`;
    return tuned.length > 5 ? `Which of ${tuned.length} models is best?` : `Which is best: ${listed(tuned, "or")}?`;
  }
  if (first && others.length === 0) return `Is ${labelOf(first.model)} better than ${labelOf(first.base)}?`;
  if (first)
    return `Which models are better than ${listed([...new Set(comparisons.map(({ base }) => labelOf(base)))])}?`;
  return models.length === 0
    ? "Nothing has been evaluated yet"
    : `How accurate is ${listed(models.map(({ label }) => label))}?`;
}

/**
 * Answers {@link questionOf} in a few sentences, from comparisons of tuned models with each other; if there are none, with
 * their bases. Every difference and mean has an interval.
 */
export function answerSection(view: View): Html {
  if (view.pairs.length > 0) return pairsAnswer(view);
  const sentences =
    view.comparisons.length > 0 && view.comparisons.length < 4
      ? view.comparisons.map((comparison) => html`<p>${sentenceOf(comparison, view)}</p>`)
      : [summaryOf(view)];
  return html`<div class="answer">${sentences}${shareSentences(view)}</div>`;
}

function sentenceOf(comparison: ComparisonView, view: View): Content {
  const labelOf = labels(view.models);
  const { benchmarks } = comparison;
  const better = benchmarks.filter(({ verdict }) => verdict === "better");
  const worse = benchmarks.filter(({ verdict }) => verdict === "worse");
  const open = benchmarks.filter(({ verdict }) => verdict === "no difference shown");
  const model = html`<b>${labelOf(comparison.model)}</b>`;
  const base = labelOf(comparison.base);
  if (benchmarks.length === 0) return html`${model} could not be compared with ${base} on any benchmark.`;
  const claims = [
    better.length > 0
      ? html`is better than ${base} on ${better.length} of ${counted(benchmarks.length, "benchmark")}
        (${rangeOf(better)})`
      : undefined,
    worse.length > 0 ? html`is worse on ${worse.length} (${rangeOf(worse)})` : undefined,
  ].filter((claim) => claim !== undefined);
  const claim =
    claims.length > 0
      ? html`${claims[0]}${claims[1] ? html` and ${claims[1]}` : undefined}`
      : html`shows no difference from ${base} on ${counted(benchmarks.length, "benchmark")}`;
  const undecided =
    open.length > 0 && claims.length > 0
      ? html` No difference is shown on ${listed(open.map(({ benchmark }) => benchmark))}.`
      : undefined;
  return html`${model} ${claim}.${undecided} ${costOf(view, comparison.model)}`;
}

/** The smallest and the largest difference, with their intervals. */
function rangeOf(compared: readonly ComparedBenchmark[]): string {
  const sorted = compared.toSorted((one, other) => Math.abs(one.difference) - Math.abs(other.difference));
  const text = ({ benchmark, difference, interval }: ComparedBenchmark): string =>
    `${points(difference)} points ${bracketedPoints(interval)} on ${benchmark}`;
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (!least || !most) return "";
  return least === most ? text(least) : `from ${text(least)} to ${text(most)}`;
}

function costOf({ models }: View, id: string): string {
  const training = models.find((model) => model.id === id)?.training;
  if (!training || training.steps === 0) return "";
  return `Training took ${flops(training.flops)} and ${duration(training.seconds)}.`;
}

/**
 * For many models: how many are better than their base on any benchmark, and which is better on the most benchmarks.
 */
function summaryOf(view: View): Html {
  const { comparisons, models } = view;
  if (comparisons.length === 0) {
    return html`<p>
      ${models.length === 0 ? "No evaluation has finished yet." : "Nothing was compared: there is only one model, or the answers were not stored."}
    </p>`;
  }
  const wins = (comparison: ComparisonView): number =>
    comparison.benchmarks.filter(({ verdict }) => verdict === "better").length;
  const most = Math.max(...comparisons.map(wins));
  const first = comparisons.find((comparison) => wins(comparison) === most);
  const winners = comparisons.filter((comparison) => wins(comparison) > 0).length;
  const lead = `${winners === comparisons.length ? "All" : `${winners} of`} ${comparisons.length} models are better than their base on at least one benchmark.`;
  return html`<p>${lead} ${first && most > 0 ? sentenceOf(first, view) : undefined}</p>`;
}

/** The mean accuracies at the smallest and the largest language share. */
function shareSentences({ languageShares }: View): readonly Html[] {
  return languageShares
    .filter(({ isAverage }) => isAverage)
    .flatMap(({ benchmark, backbone, points: curve }) => {
      const [least, most] = [curve[0], curve.at(-1)];
      if (!least || !most || least === most || !least.interval || !most.interval) return [];
      const of = backbone === undefined ? "" : ` with ${backbone}`;
      const at = ({ share, value, interval }: typeof least): string =>
        `${percent(value)} % ${bracketed(interval)} at ${shareText(share)} language`;
      return [html`<p>Mean accuracy over ${benchmark} benchmarks${of}: ${at(least)}, ${at(most)}.</p>`];
    });
}

function shareText(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
