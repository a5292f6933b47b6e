import { type TextColumn, textTable } from "@mlan/eval-kit";
import {
  aboveGuessing,
  armLabels,
  type IntervalView,
  mainPairs,
  type MeanDifference,
  type PairView,
  percent,
  significant,
  verdictCounts,
  type View,
} from "@mlan/run-view";

const TITLES = { text: "language mean", image: "vision mean", all: "mean" } as const;

/**
 * Returns a table of tuned models against each other: numbers of benchmarks by verdict, mean differences in percentage
 * points, results above guessing, and the cost of training. Of many pairs, it has those of the leading model. Returns no
 * lines without pairs.
 */
export function pairsTable(view: Pick<View, "models" | "results" | "pairs">, width: number): readonly string[] {
  const pairs = mainPairs(view.pairs);
  if (pairs.length === 0) return [];
  const columns = [...new Map(pairs.flatMap(({ means }) => means.map((mean) => [titleOf(mean, pairs), mean]))).keys()];
  const titles: readonly TextColumn[] = [
    { title: "first", align: "left", key: true },
    { title: "second", align: "left", key: true },
    ...["better", "worse", "not told apart", ...columns, "above guessing", "TFLOP"].map((title) => ({
      title,
      align: "right" as const,
    })),
  ];
  const left = view.pairs.length - pairs.length;
  return [
    "Tuned models against each other: benchmarks on which the first is better or worse (paired tests over questions,",
    "Holm's correction), and mean differences in points with 95 % intervals",
    "",
    ...textTable({ columns: titles, rows: pairs.flatMap((pair) => rowsOf(pair, columns, pairs, view)) }, width),
    ...(left > 0 ? ["", `${left} more pairs: mlan show --json, mlan report`] : []),
  ];
}

/** Returns the row of a pair, and one with the intervals over seeds if there are several. */
function rowsOf(
  pair: PairView,
  columns: readonly string[],
  all: readonly PairView[],
  view: Pick<View, "models" | "results">,
): readonly (readonly string[])[] {
  const { model, base, means } = pair;
  const labelOf = armLabels(view.models);
  const above = [model, base].map((id) => aboveGuessing(view, id)?.join(" of ") ?? "-");
  const flops = [model, base].map((id) => view.models.find((one) => one.id === id)?.training.flops ?? NaN);
  const found = columns.map((title) => means.find((mean) => titleOf(mean, all) === title));
  return [
    [
      labelOf(model),
      labelOf(base),
      ...verdictCounts(pair).map(String),
      ...found.map((mean) => (mean ? `${points(mean.difference)}${bracketed(mean.interval)}` : "")),
      above.join(", "),
      flops.map((operations) => significant(operations / 1e12)).join(", "),
    ],
    ...(means.some(({ overSeeds }) => overSeeds)
      ? [["", "  over seeds", "", "", "", ...found.map((mean) => bracketed(mean?.overSeeds?.interval)), "", ""]]
      : []),
  ];
}

function titleOf({ modality, protocol }: MeanDifference, pairs: readonly PairView[]): string {
  const isSeveral = pairs.some(({ means }) => means.some((one) => one.protocol !== protocol));
  return `${TITLES[modality]}${isSeveral ? `, ${protocol}` : ""}`;
}

function points(difference: number): string {
  const text = percent(difference);
  return difference > 0 ? `+${text}` : text;
}

function bracketed(interval: IntervalView | undefined): string {
  return interval ? ` [${points(interval.low)}, ${points(interval.high)}]` : "";
}
