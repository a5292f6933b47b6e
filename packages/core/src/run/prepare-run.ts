import { type Damage, damageOf, readableFindings } from "./damage.ts";
import { copyStages, offeredStages } from "./copy-stages.ts";
import type { DownloadEvent } from "./downloads.ts";
import type { Experiment } from "./experiment.ts";
import { type RunResults, runResults, stageIsDone } from "./finished-work.ts";
import type { Manifest } from "./manifest.ts";
import { type Fresh, keepManifest, openManifest } from "./open-manifest.ts";
import { type Contents, preflight, type PreflightEvent } from "./preflight.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Scope } from "../scope/scope.ts";
import { ChangedInput } from "./unchanged-data.ts";

export interface PrepareRunOptions {
  readonly experiment: Experiment;
  readonly folder: RunFolder;
  readonly scope: Scope;
  readonly fresh: Fresh;
  /** The run folders whose finished stages are copied. */
  readonly reuse: readonly URL[];
  readonly checksMemory: boolean;
  /** Number of processes that share the memory. */
  readonly processes: number;
  readonly signal?: AbortSignal;
}

export interface PreparedRun {
  readonly manifest: Manifest;
  readonly results: RunResults;
  /** The damage of the run that is continued. */
  readonly damage: readonly Damage[];
  readonly contents: Contents;
}

/**
 * Checks everything that a run needs, then writes its manifest and copies finished stages of other runs. Nothing in the
 * folder changes before all checks have passed. `hasChanged`: whether the inputs of the run in the folder are known to
 * have changed.
 */
export async function* prepareRun(
  options: PrepareRunOptions,
  hasChanged = false,
): AsyncGenerator<PreflightEvent | DownloadEvent, PreparedRun, undefined> {
  const { experiment, folder, fresh, reuse, signal } = options;
  const opened = await openManifest(experiment, folder, hasChanged || fresh);
  const results = await runResults(experiment, opened.manifest, folder);
  const damage = opened.replaced ? [] : await damageOf(opened.manifest, await readableFindings(folder), folder);
  const keepsReplaced = fresh === "if-changed" && opened.replaced !== undefined;
  const offered = await offeredStages(experiment, keepsReplaced ? [folder.url, ...reuse] : reuse);
  let contents: Contents;
  try {
    contents = yield* preflight({
      ...options,
      manifest: opened.manifest,
      isDone: (stage) => stageIsDone(stage, opened.manifest, results),
      offered,
    });
  } catch (error) {
    if (fresh !== "if-changed" || hasChanged || !(error instanceof ChangedInput)) throw error;
    return yield* prepareRun(options, true);
  }
  const manifest = await keepManifest(folder, opened, contents, (kept, aside) => {
    const replaced = keepsReplaced ? aside : undefined;
    const { data } = contents;
    return copyStages({ experiment, folder, manifest: kept, results, data, from: reuse, replaced, signal });
  });
  return { manifest, results, damage, contents };
}
