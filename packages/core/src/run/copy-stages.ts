import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { writeFileAtomically, writeFolderAtomically } from "../files/atomic-files.ts";
import { checkpointDigest, missingFile, verifyChecksums } from "../files/checksums.ts";
import { copyFolder } from "../files/copy-folder.ts";
import { type Experiment, planOf } from "./experiment.ts";
import { type RunResults, runResults, stageIsDone, unfinished } from "./finished-work.ts";
import { ledgerEntry } from "./ledger.ts";
import type { DataRecord, ExperimentPlan, Manifest, StageStatus } from "./manifest.ts";
import { type RunFolder, runFolder } from "./run-folder.ts";
import type { Stage } from "./stage.ts";
import type { Contents } from "./preflight.ts";
import { weightsBefore } from "./stage-model.ts";
import { currentPlan } from "./stored-recipe.ts";

export interface CopyStagesOptions {
  readonly experiment: Experiment;
  readonly folder: RunFolder;
  readonly manifest: Manifest;
  readonly results: RunResults;
  /** What the run reads, by stage name, then by dataset name. */
  readonly data: Contents["data"];
  /** The run folders that may have finished stages. */
  readonly from: readonly URL[];
  /** The folder of the replaced run, which may have finished stages too. */
  readonly replaced?: URL | undefined;
  /** Stops the copying early; the run itself executes the stages that were not copied. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies finished stages of other runs that would have the same outcome: with the same name, settings, plugins and
 * seed, the same data, and the same weights at the beginning. Returns the manifest that records the copied stages; it
 * is written after each of them. The run itself executes the stages that cannot be copied.
 */
export async function copyStages(options: CopyStagesOptions): Promise<Manifest> {
  const { experiment, results, from, replaced } = options;
  let { manifest } = options;
  const sources = [...(replaced ? [replaced] : []), ...from].map((url) => runFolder(url));
  if (sources.length === 0) return manifest;
  for (const [index, stage] of experiment.stages.entries()) {
    if (stageIsDone(stage, manifest, results)) continue;
    const weights = await weightsBefore(index, experiment, manifest);
    let isCopied = false;
    for (const source of sources) {
      const found = await finishedStage(stage, weights, source, { ...options, manifest }).catch(() => undefined);
      if (!found) continue;
      const next = await copyStage(stage, found, { ...options, manifest }).catch(() => undefined);
      if (!next) continue;
      manifest = next;
      isCopied = true;
      break;
    }
    // The weights of later stages depend on this one.
    if (!isCopied && stage.kind === "train") break;
  }
  return manifest;
}

/**
 * Returns the names of the stages that other runs have finished with the same settings, without comparing their data.
 */
export async function offeredStages(experiment: Experiment, from: readonly URL[]): Promise<ReadonlySet<string>> {
  const plan = planOf(experiment);
  const offered = new Set<string>();
  for (const url of from) {
    const found = await runFolder(url)
      .readManifest()
      .catch(() => undefined);
    for (const { name } of found ? plan.stages : []) {
      if (found?.stages[name]?.done === true && isPlannedAlike(name, plan, found.plan)) offered.add(name);
    }
  }
  return offered;
}

interface FinishedStage {
  readonly source: RunFolder;
  readonly status: StageStatus;
}

/** Returns the stage when the run in `source` finished it intact, and would have the same outcome here. */
async function finishedStage(
  stage: Stage,
  weights: string,
  source: RunFolder,
  { manifest: { plan }, data, signal }: CopyStagesOptions,
): Promise<FinishedStage | undefined> {
  const manifest = await source.readManifest();
  const status = manifest?.stages[stage.name];
  if (!manifest || manifest.formatVersion === 1 || status?.done !== true || status.weights !== weights)
    return undefined;
  if (!isPlannedAlike(stage.name, plan, manifest.plan)) return undefined;
  if (!isSameData(status.data ?? {}, data.get(stage.name) ?? {})) return undefined;
  if (stage.kind === "evaluate") {
    const results = await runResults({ stages: [stage] }, manifest, source);
    return unfinished(stage, results).size === 0 ? { source, status } : undefined;
  }
  const { checkpoint, checkpointDigest: digest } = status;
  if (checkpoint === undefined || digest === undefined) return undefined;
  const place = new URL(checkpoint, source.url);
  if (!place.href.startsWith(source.checkpoints(stage.name).href) || (await missingFile(place))) return undefined;
  if ((await checkpointDigest(place)) !== digest) return undefined;
  // Reads every byte, as loading the checkpoint would: a link to a damaged file would spread the damage to all runs.
  await verifyChecksums(place, { signal });
  return { source, status };
}

/** Whether two plans agree on the stage called `name`, the plugins and the seed. */
function isPlannedAlike(name: string, one: ExperimentPlan, other: ExperimentPlan): boolean {
  const partsOf = (plan: ExperimentPlan): unknown => {
    const { seed, plugins, stages } = currentPlan(plan);
    return [seed, plugins, stages.find((stage) => stage.name === name)];
  };
  return isDeepStrictEqual(partsOf(one), partsOf(other));
}

type DataRecords = Readonly<Record<string, DataRecord>>;

function isSameData(one: DataRecords, other: DataRecords): boolean {
  const contentOf = (records: DataRecords): unknown =>
    Object.fromEntries(
      Object.entries(records).map(([name, { fingerprint, images }]) => [name, [fingerprint, images.digest]]),
    );
  return isDeepStrictEqual(contentOf(one), contentOf(other));
}

/** Copies the files of a stage, then records it in the manifest, which it returns. Undefined when its steps are damaged. */
async function copyStage(
  { name, kind }: Stage,
  { source, status }: FinishedStage,
  { folder, manifest, results, data, replaced }: CopyStagesOptions,
): Promise<Manifest | undefined> {
  if (kind === "train") {
    const { checkpoint = "" } = status;
    await writeFolderAtomically(new URL(checkpoint, folder.url), (temporary) =>
      copyFolder(new URL(checkpoint, source.url), temporary),
    );
    const steps = (await source.metrics.readWhole()).filter(({ stage }) => stage === name);
    // The run then continues from the checkpoint, which restores the steps.
    if (!isDeepStrictEqual(ledgerEntry(name, steps), { ...status.ledger })) return undefined;
    const history = steps.map((step) => ({ type: "step-end", ...step }) as const);
    await folder.metrics.restore(name, steps.length, history);
  } else await copyAnswers(name, status, source, folder, results);
  const { copiedFrom, ...finished } = status;
  // The replaced run was in this folder.
  const isOwn = source.url.href === replaced?.href;
  const first = isOwn ? undefined : source.url;
  const origin = copiedFrom === undefined ? first : new URL(copiedFrom, isOwn ? folder.url : source.url);
  const read = data.get(name);
  const copied: StageStatus = {
    ...finished,
    ...(read && { data: read }),
    ...(origin && { copiedFrom: `${posix.relative(folder.url.pathname, origin.pathname)}/` }),
  };
  const next = { ...manifest, stages: { ...manifest.stages, [name]: copied } };
  await folder.writeManifest(next);
  return next;
}

async function copyAnswers(
  stage: string,
  { evaluated = {} }: StageStatus,
  source: RunFolder,
  folder: RunFolder,
  results: RunResults,
): Promise<void> {
  for (const result of await source.readResults()) {
    const { benchmark } = result;
    const record = result.stage === stage ? evaluated[benchmark] : undefined;
    if (!record) continue;
    if (record.answers !== undefined) {
      // A copy and not a link: evaluators append to the file.
      await writeFileAtomically(folder.answers(stage, benchmark), await readFile(source.answers(stage, benchmark)));
    }
    await results.write(result);
  }
}
