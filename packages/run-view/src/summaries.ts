import type { ComparisonView, PairView } from "./view-results.ts";
import type { EvaluatedModel, View } from "./view.ts";

/** Returns a function that finds the label of a model by its id. */
export function labels(models: readonly EvaluatedModel[]): (id: string) => string {
  const byId = new Map(models.map(({ id, label }) => [id, label]));
  return (id) => byId.get(id) ?? id;
}

/** The labels of the models of a pair; those of arms are without the backbone, which is named before them. */
export function armLabels(models: readonly EvaluatedModel[]): (id: string) => string {
  const byId = new Map(
    models.map(({ id, label, arm, backbone }) => [id, backbone === undefined ? label : (arm ?? label)]),
  );
  return (id) => byId.get(id) ?? id;
}

/** Number of benchmarks by verdict. */
export function verdictCounts({ benchmarks }: ComparisonView): readonly [better: number, worse: number, open: number] {
  const of = (wanted: string): number => benchmarks.filter(({ verdict }) => verdict === wanted).length;
  return [of("better"), of("worse"), of("no difference shown")];
}

/** On how many benchmarks a model is above guessing, of those where it is known; undefined if it is known for none. */
export function aboveGuessing(
  { results }: Pick<View, "results">,
  id: string,
): readonly [above: number, known: number] | undefined {
  const known = results.flatMap(({ model, isAboveGuessing }) =>
    model === id && isAboveGuessing !== undefined ? [isAboveGuessing] : [],
  );
  return known.length === 0 ? undefined : [known.filter((one) => one).length, known.length];
}

/** With more pairs, only those of the leading pairs' first models are shown at first. */
const MANY_PAIRS = 6;

/** Returns the pairs that a reader sees first. */
export function mainPairs(pairs: readonly PairView[]): readonly PairView[] {
  if (pairs.length <= MANY_PAIRS) return pairs;
  const leaders = new Set(pairs.flatMap(({ model, isLeading }) => (isLeading ? model : [])));
  return pairs.filter(({ model }) => leaders.has(model));
}
