import { type Location, MlanError, type Run } from "@mlan/core";
import { averagesOf } from "./averages.ts";
import { benchmarksOf } from "./benchmarks.ts";
import { comparisonsOf } from "./comparisons.ts";
import { costsOf } from "./costs.ts";
import { curvesOf } from "./curves.ts";
import { languageSharesOf } from "./language-shares.ts";
import { type LoadedRun, loadReadable, loadRun } from "./loaded-run.ts";
import { withGuessing } from "./guessing.ts";
import { type LoadedModel, modelsOfRuns } from "./models.ts";
import { pairsWithBase, tunedPairs } from "./pairs.ts";
import { provenanceOf } from "./provenance.ts";
import { resultsOf } from "./results.ts";
import { runViewOf } from "./run-views.ts";
import type { PairView } from "./view-results.ts";
import type { View } from "./view.ts";
import { warningsOf } from "./warnings.ts";

export interface ViewOptions {
  /**
   * Whether to read the answers. Without answers, the view has no comparisons, no accuracies of guessing and no numbers of
   * clusters. Default true.
   */
  readonly answers?: boolean;
}

/**
 * Reads one or several run folders into a view, without changing any file. The first evaluation stage of the first run
 * is the base that all other evaluation stages are compared with; the models in `pairs` have the same backbone, that
 * is, their runs began with the same model files. Damaged files, missing answers, results that cannot
 * be compared, and one of several folders without a readable manifest become warnings. Throws `run-folder` when no
 * folder has a readable manifest.
 */
export async function viewOf(
  runs: Location | Run | readonly (Location | Run)[],
  { answers = true }: ViewOptions = {},
): Promise<View> {
  const sources = asList(runs);
  const loaded: LoadedRun[] = [];
  for (const source of sources) loaded.push(await loadAmong(source, sources.length, answers));
  if (loaded.every(({ run }) => run === undefined)) {
    throw new MlanError("run-folder", loaded.flatMap(({ problem }) => problem ?? []).join("\n"));
  }
  const named = withUniqueIds(loaded);
  return viewFrom({
    kind: "run",
    name: [...new Set(named.flatMap(({ name, run }) => (run ? name : [])))].join(", "),
    runs: named,
    models: modelsOfRuns(named),
  });
}

/** Reads one of `count` runs. A single run must be readable; one of several may become a run without content. */
function loadAmong(source: Location | Run, count: number, answers: boolean): Promise<LoadedRun> {
  if (count === 1 || (typeof source === "object" && "manifest" in source)) return loadRun(source, { answers });
  return loadReadable(source, { answers });
}

function asList(runs: Location | Run | readonly (Location | Run)[]): readonly (Location | Run)[] {
  const isOne = typeof runs === "string" || runs instanceof URL || "manifest" in runs;
  const list = isOne ? [runs] : runs;
  if (list.length > 0) return list;
  throw new MlanError("invalid-options", "viewOf: expected at least one run folder, found an empty list.");
}

/** Uses the folders as ids if several runs have the same name. */
function withUniqueIds(runs: readonly LoadedRun[]): readonly LoadedRun[] {
  const isUnique = new Set(runs.map(({ id }) => id)).size === runs.length;
  return isUnique ? runs : runs.map((run) => ({ ...run, id: run.folder }));
}

export interface ViewParts extends Pick<View, "kind" | "name"> {
  readonly runs: readonly LoadedRun[];
  readonly models: readonly LoadedModel[];
}

/** Computes the view of loaded runs. */
export function viewFrom({ kind, name, runs, models }: ViewParts): View {
  const views = models.map(({ model }) => model);
  const benchmarks = benchmarksOf(models);
  const results = withGuessing(resultsOf(models), benchmarks);
  const averages = averagesOf(views, benchmarks, results);
  const hasAnswers = runs.some(({ answers }) => answers.size > 0);
  // Models without any result are left out, such as the arms of a study that have not started.
  const evaluated = hasAnswers ? models.filter(({ model }) => results.some((result) => result.model === model.id)) : [];
  const [withBase, tuned] = [pairsWithBase(evaluated), tunedPairs(evaluated)];
  const compared = comparisonsOf([...withBase, ...tuned.map(({ pair }) => pair)], benchmarks);
  const comparisons = withBase.flatMap((pair) => compared.get(pair) ?? []);
  const pairs = tuned.flatMap(({ pair, ...about }): readonly PairView[] => {
    const comparison = compared.get(pair);
    return comparison ? [{ ...about, ...comparison }] : [];
  });
  return {
    format: "mlan-view",
    version: 2,
    kind,
    name,
    runs: runs.map(runViewOf),
    models: views,
    benchmarks,
    results,
    averages,
    pairs,
    comparisons,
    costs: runs.flatMap(costsOf),
    curves: runs.flatMap(curvesOf),
    languageShares: languageSharesOf(views, benchmarks, results, averages),
    warnings: warningsOf({ runs, models, results, comparisons: [...comparisons, ...pairs] }),
    provenance: provenanceOf(runs),
  };
}
