import type { Damage } from "./damage.ts";
import { MlanError } from "../errors.ts";
import type { DownloadEvent } from "./downloads.ts";
import type { EvaluateEvent } from "../contracts/evaluator.ts";
import { type Experiment, isExperiment } from "./experiment.ts";
import { stageIsDone, unfinished } from "./finished-work.ts";
import { removeLeftovers, settleAside } from "./fresh-start.ts";
import type { LedgerEntry } from "./ledger.ts";
import { type Location, toFolderUrl } from "../contracts/location.ts";
import { machineOf } from "./machine.ts";
import type { Manifest, StageStatus } from "./manifest.ts";
import type { Fresh } from "./open-manifest.ts";
import type { PreflightEvent } from "./preflight.ts";
import { prepareRun } from "./prepare-run.ts";
import { recorder } from "./recorder.ts";
import { type RunFolder, runFolder } from "./run-folder.ts";
import { lockRun } from "./run-lock.ts";
import { createScope } from "../scope/scope.ts";
import type { Stage, StageResult } from "./stage.ts";
import { stageModel, weightsBefore } from "./stage-model.ts";
import { CLOCK, COMPUTE, systemClock } from "../scope/token.ts";
import type { TrainEvent } from "../contracts/trainer.ts";
import { changedContent, unchangedData } from "./unchanged-data.ts";

export interface RunOptions {
  /** The run folder. An unfinished run of the same experiment in the folder is continued. */
  readonly folder: Location;
  /**
   * Whether to replace the run in the folder; `"if-changed"` replaces it when it cannot be continued because its plan,
   * weights or data have changed. The files that the old run wrote, and no others, are removed once everything that the
   * new run needs has been found. Throws `run-folder` when a stage's folder contains files that no run wrote. Default
   * false.
   */
  readonly fresh?: Fresh;
  /**
   * Run folders whose finished stages are copied instead of being run, where the outcome would be the same: the name,
   * settings, plugins, seed and data of the stage are equal, and it begins with the same weights. Large files become
   * hard links. With `fresh: "if-changed"`, finished stages of the replaced run are copied in the same way. A folder
   * that cannot be read is ignored.
   */
  readonly reuse?: readonly Location[];
  /**
   * Whether to throw before the first stage when a stage needs more memory than the machine has. The error suggests
   * settings that need less, see {@link planExperiment}. Default true.
   */
  readonly checkMemory?: boolean;
  /** Number of processes that share the machine's memory equally. Each of them may use its share. Default 1. */
  readonly processes?: number;
  /** The command that starts the run, recorded in the manifest for information only. */
  readonly command?: string;
  /**
   * What the user can do when the run in the folder cannot be continued, as the end of a sentence in errors. Default:
   * "run in a different folder".
   */
  readonly otherwise?: string;
  readonly signal?: AbortSignal;
}

export type RunEvent =
  | PreflightEvent
  | DownloadEvent
  | DamageEvent
  | NoticeEvent
  | StageStartEvent
  | StageProgressEvent
  | StageEndEvent
  | RunEndEvent;

/** Emitted before the first stage, for each file of a continued run that differs from what the run wrote. */
export interface DamageEvent {
  readonly type: "damage";
  readonly damage: Damage;
}

/**
 * Emitted before the first stage, for each notice of the model, e.g. that its projector is new. The manifest also
 * stores the notices.
 */
export interface NoticeEvent {
  readonly type: "notice";
  /** One sentence without a full stop. */
  readonly notice: string;
}

export interface StageStartEvent {
  readonly type: "stage-start";
  readonly stage: string;
  readonly kind: Stage["kind"];
  /** Counted from 0. */
  readonly index: number;
  readonly stages: number;
}

export interface StageProgressEvent {
  readonly type: "stage-progress";
  readonly stage: string;
  readonly event: TrainEvent | EvaluateEvent;
}

export interface StageEndEvent {
  readonly type: "stage-end";
  readonly stage: string;
  /** Duration of the stage over all starts of the run. A benchmark that was interrupted by a kill is not counted. */
  readonly seconds: number;
  /** Whether the stage was already done when the run started, or was copied from another run. */
  readonly skipped: boolean;
  /** The run folder from which the stage was copied, see {@link RunOptions.reuse}. */
  readonly copiedFrom?: URL;
  /** Cost of a training stage over all starts of the run. */
  readonly ledger?: LedgerEntry;
}

export interface RunEndEvent {
  readonly type: "run-end";
  readonly folder: URL;
  readonly results: readonly StageResult[];
  readonly ledger: readonly LedgerEntry[];
}

/**
 * Runs the stages in order on one model and records everything in the run folder. Before the first stage, everything
 * that any stage needs is opened or looked up. The same call continues a killed run: finished stages are skipped, and a
 * training stage resumes from its newest checkpoint. The caller may stop with `break` or `signal`. Throws `run-folder`
 * when the folder contains a run of another experiment, and when weights or data have changed since the run began. Throws
 * `in-use` while another process runs in the folder.
 */
export async function* runExperiment(
  experiment: Experiment,
  options: RunOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  if (!isExperiment(experiment)) {
    throw new MlanError("invalid-options", "runExperiment takes the value of experiment({ name, use, stages }).");
  }
  const { signal, fresh = false, reuse = [], checkMemory: checksMemory = true, processes = 1 } = options;
  const folder = runFolder(options.folder, options.otherwise ?? "run in a different folder");
  await using _lock = await lockRun(folder.url);
  await settleAside(folder);
  await removeLeftovers(folder);
  await using scope = createScope([clockPlugin, ...experiment.use]);
  const abort = signal && { signal };
  const others = reuse.map((place) => toFolderUrl(place, "reuse"));
  const prepared = yield* prepareRun({
    experiment,
    folder,
    scope,
    fresh,
    reuse: others,
    checksMemory,
    processes,
    ...abort,
  });
  const { damage, results, contents } = prepared;
  let { manifest } = prepared;
  for (const one of damage) yield { type: "damage", damage: one };
  for (const notice of contents.notices) yield { type: "notice", notice };
  const clock = scope.get(CLOCK);
  const { seed, stages } = experiment;
  using models = stageModel({ experiment, scope, folder, ...abort });
  for (const [index, stage] of stages.entries()) {
    const { name, kind } = stage;
    yield { type: "stage-start", stage: name, kind, index, stages: stages.length };
    const start = clock.now();
    const skipped = stageIsDone(stage, manifest, results);
    if (!skipped) {
      signal?.throwIfAborted();
      const model = await models.before(index, manifest);
      const data = contents.data.get(name);
      const weights = await weightsBefore(index, experiment, manifest);
      checkWeights(stage, weights, manifest, folder);
      manifest = await mark(folder, manifest, stage, {
        done: false,
        weights,
        ...(data && { data }),
        machine: machineOf(scope.find(COMPUTE)),
        ...(options.command !== undefined && { command: options.command }),
      });
      const before = kind === "evaluate" ? manifest.stages[name]?.seconds : undefined;
      const record = recorder(stage, folder, results, before);
      const reads = unchangedData(stage, data ?? {}, folder);
      const waiting = unfinished(stage, results);
      const benchmarks = reads.benchmarks.filter((benchmark) => waiting.has(benchmark.name));
      for await (const event of stage.run({ scope, model, seed, folder, weights, ...reads, benchmarks, ...abort })) {
        const known = await record.add(event);
        if (Object.keys(known).length > 0) manifest = await mark(folder, manifest, stage, known);
        yield { type: "stage-progress", stage: name, event };
      }
      signal?.throwIfAborted();
      const seconds = record.secondsBefore() + (clock.now() - start) / 1000;
      const end = { done: true, seconds, finished: new Date().toISOString() };
      manifest = await mark(folder, manifest, stage, { ...record.finish(), ...end });
    }
    yield stageEnd(name, manifest, skipped, folder);
  }
  const ledger = ledgerOf(stages, manifest);
  if (ledger.length > 0) await folder.writeLedger(ledger);
  if (results.all().length > 0) await results.rewrite();
  yield { type: "run-end", folder: folder.url, results: results.all(), ledger };
}

function stageEnd(stage: string, { stages }: Manifest, skipped: boolean, folder: RunFolder): StageEndEvent {
  const { seconds = 0, ledger, copiedFrom }: Partial<StageStatus> = stages[stage] ?? {};
  const origin = copiedFrom === undefined ? undefined : new URL(copiedFrom, folder.url);
  return {
    type: "stage-end",
    stage,
    seconds,
    skipped,
    ...(ledger && { ledger }),
    ...(origin && { copiedFrom: origin }),
  };
}

const clockPlugin = { name: "@mlan/core/system-clock", token: CLOCK, create: () => systemClock };

/**
 * Throws `run-folder` when a repeated training stage ended with other weights than the ones with which a later stage
 * began.
 */
function checkWeights({ name }: Stage, now: string, { stages }: Manifest, folder: RunFolder): void {
  const before = stages[name]?.weights;
  if (before === undefined || before === now) return;
  throw changedContent(
    folder,
    `stage "${name}" began with different weights than the stages before it have now produced`,
  );
}

function ledgerOf(stages: readonly Stage[], manifest: Manifest): readonly LedgerEntry[] {
  return stages.flatMap(({ name }) => manifest.stages[name]?.ledger ?? []);
}

async function mark(
  folder: RunFolder,
  manifest: Manifest,
  { name }: Stage,
  { evaluated, ...status }: Partial<StageStatus>,
): Promise<Manifest> {
  const { copiedFrom: _, ...known }: Partial<StageStatus> = manifest.stages[name] ?? {};
  const before: StageStatus = { done: false, started: new Date().toISOString(), ...known };
  const all = evaluated && { evaluated: { ...before.evaluated, ...evaluated } };
  const next = { ...manifest, stages: { ...manifest.stages, [name]: { ...before, ...status, ...all } } };
  await folder.writeManifest(next);
  return next;
}
