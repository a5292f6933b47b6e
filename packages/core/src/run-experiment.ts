import { checkpointDigest } from "./checkpoint-digest.ts";
import { fingerprintOf } from "./dataset.ts";
import { MlanError } from "./errors.ts";
import type { EvaluateEvent } from "./evaluator.ts";
import { type Experiment, isExperiment } from "./experiment.ts";
import { removeLitter, settleAside } from "./fresh-start.ts";
import { type LedgerEntry, ledgerEntry, type StepMetrics } from "./ledger.ts";
import type { Location } from "./location.ts";
import type { Manifest, StageStatus } from "./manifest.ts";
import { metricsOf } from "./metrics-log.ts";
import type { TrainableModel } from "./model.ts";
import { keepManifest, openManifest } from "./open-manifest.ts";
import { pathOf } from "./path-of.ts";
import { preflight, type PreflightEvent } from "./preflight.ts";
import { deriveSeed } from "./random.ts";
import { type RunFolder, runFolder } from "./run-folder.ts";
import { lockRun } from "./run-lock.ts";
import { createScope, type Scope } from "./scope.ts";
import type { Stage, StageResult } from "./stage.ts";
import { CLOCK, MODEL } from "./token.ts";
import type { TrainEvent } from "./trainer.ts";
import { unchangedData } from "./unchanged-data.ts";

export interface RunOptions {
  /** Where the run is kept. A folder that holds a part of the same experiment is continued. */
  readonly folder: Location;
  /**
   * Whether a run that the folder holds is replaced: once all is known to be there that the new one needs, what the old
   * one wrote is removed, and nothing else. Default false.
   */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

export type RunEvent = PreflightEvent | StageStartEvent | StageProgressEvent | StageEndEvent | RunEndEvent;

export interface StageStartEvent {
  readonly type: "stage-start";
  readonly stage: string;
  readonly kind: Stage["kind"];
  /** 0-based. */
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
  readonly seconds: number;
  /** It had been done by an earlier run into the same folder. */
  readonly skipped: boolean;
}

export interface RunEndEvent {
  readonly type: "run-end";
  readonly folder: URL;
  readonly results: readonly StageResult[];
  readonly ledger: readonly LedgerEntry[];
}

/**
 * Runs the stages one after the other on one model and keeps everything in the run folder. Before the first one, all that
 * any of them needs is opened or looked for. A killed run is continued by the same call: stages that are done are
 * skipped, a training stage goes on from its newest checkpoint. The caller may stop by `break` or `signal`.
 * Throws `run-folder` when the folder holds another experiment, when weights or data have changed since it began, and
 * while another process runs in it.
 */
export async function* runExperiment(
  experiment: Experiment,
  options: RunOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  if (!isExperiment(experiment)) {
    throw new MlanError("invalid-options", "runExperiment takes the value of experiment({ name, use, stages }).");
  }
  const { signal, fresh = false } = options;
  const folder = runFolder(options.folder);
  await using _lock = await lockRun(folder.url);
  await settleAside(folder);
  await removeLitter(folder);
  const opened = await openManifest(experiment, folder, fresh);
  // Of a run that is replaced nothing is read: its files may be damaged.
  const before = opened.replaced ? [] : await folder.readResults();
  const isDone = (stage: Stage): boolean => stageIsDone(stage, opened.manifest, before);
  await using scope = createScope([systemClock, ...experiment.use]);
  const abort = signal && { signal };
  const contents = yield* preflight({ experiment, scope, folder, manifest: opened.manifest, isDone, ...abort });
  let manifest = await keepManifest(folder, opened, contents);
  const clock = scope.get(CLOCK);
  let model: TrainableModel | undefined;
  try {
    for (const [index, stage] of experiment.stages.entries()) {
      yield { type: "stage-start", stage: stage.name, kind: stage.kind, index, stages: experiment.stages.length };
      const start = clock.now();
      const skipped = isDone(stage);
      if (!skipped) {
        signal?.throwIfAborted();
        model ??= await openModel(scope, experiment, manifest, folder, signal);
        const data = contents.data.get(stage.name);
        manifest = await mark(folder, manifest, stage, { done: false, ...(data && { data }) });
        const weights = await weightsBefore(index, experiment, manifest);
        const record = recorder(stage, folder);
        const { seed } = experiment;
        const reads = unchangedData(stage, data ?? {}, folder.url);
        for await (const event of stage.run({ scope, model, seed, folder, weights, ...reads, ...abort })) {
          await record.add(event);
          yield { type: "stage-progress", stage: stage.name, event };
        }
        signal?.throwIfAborted();
        const status = await record.finish();
        manifest = await mark(folder, manifest, stage, { ...status, done: true, finished: new Date().toISOString() });
      }
      yield { type: "stage-end", stage: stage.name, seconds: (clock.now() - start) / 1000, skipped };
    }
  } finally {
    model?.dispose();
  }
  const ledger = ledgerOf(experiment.stages, manifest);
  if (ledger.length > 0) await folder.writeLedger(ledger);
  yield { type: "run-end", folder: folder.url, results: await folder.readResults(), ledger };
}

const systemClock = { name: "@mlan/core/system-clock", token: CLOCK, create: () => ({ now: () => performance.now() }) };

/** A stage is done when its outcome is there: a final checkpoint, or a result of each benchmark. */
function stageIsDone({ name, kind, asks }: Stage, { stages }: Manifest, results: readonly StageResult[]): boolean {
  const status = stages[name];
  if (status?.done !== true) return false;
  if (kind === "train") return status.checkpoint !== undefined;
  const known = new Set(results.filter(({ stage }) => stage === name).map(({ benchmark }) => benchmark));
  return (asks?.benchmarks ?? []).every((benchmark) => known.has(benchmark.name));
}

/** The model as the last finished training stage left it, or as its source has it. */
async function openModel(
  scope: Scope,
  { seed, stages }: Experiment,
  manifest: Manifest,
  folder: RunFolder,
  signal: AbortSignal | undefined,
): Promise<TrainableModel> {
  const model = await scope.get(MODEL).open({ seed: deriveSeed(seed, "model"), ...(signal && { signal }) });
  try {
    const checkpoint = stages
      .map(({ name }) => manifest.stages[name])
      .findLast((status) => status?.done && status.checkpoint !== undefined)?.checkpoint;
    if (checkpoint !== undefined) await model.load(new URL(checkpoint, folder.url));
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Names the weights that stage `index` finds: by what the model was opened from, and by the trainings before. */
function weightsBefore(index: number, { seed, stages }: Experiment, manifest: Manifest): Promise<string> {
  const trainings = stages.slice(0, index).filter(({ kind }) => kind === "train");
  const learned = trainings.map(({ name, settings }) => {
    const { data, dataFingerprint, checkpointDigest: digest }: Partial<StageStatus> = manifest.stages[name] ?? {};
    const read = Object.entries(data ?? {}).map(([set, { fingerprint, images }]) => [set, fingerprint, images.digest]);
    return [name, settings, read, dataFingerprint ?? null, digest ?? null];
  });
  return fingerprintOf([manifest.model?.digest ?? null, seed, learned]);
}

/** Writes what a stage's events say into the run folder. */
interface Recorder {
  add(event: TrainEvent | EvaluateEvent): Promise<void>;
  /** What is to be remembered of the stage. Throws `contract` when its events say that it has not ended. */
  finish(): Promise<Partial<StageStatus>>;
}

function recorder(stage: Stage, folder: RunFolder): Recorder {
  const { name } = stage;
  const unanswered = new Set(stage.asks?.benchmarks.map((benchmark) => benchmark.name));
  const steps: StepMetrics[] = [];
  const status: { -readonly [Key in keyof StageStatus]?: StageStatus[Key] } = {};
  return {
    async add(event) {
      switch (event.type) {
        case "train-start":
          status.dataFingerprint = event.dataFingerprint;
          steps.splice(0, Infinity, ...(await folder.metrics.restore(name, event.stepsDone, event.history)));
          return;
        case "step-end":
          steps.push(metricsOf(name, event));
          await folder.metrics.add(metricsOf(name, event));
          return;
        case "checkpoint-saved":
          await folder.metrics.sync();
          return;
        case "train-end": {
          status.checkpoint = pathInside(folder, stage, event.folder);
          const digest = await checkpointDigest(event.folder);
          if (digest !== undefined) status.checkpointDigest = digest;
          return;
        }
        case "evaluate-end": {
          unanswered.delete(event.result.benchmark);
          const others = (await folder.readResults()).filter(
            (result) => result.stage !== name || result.benchmark !== event.result.benchmark,
          );
          await folder.writeResults([...others, { stage: name, ...event.result }]);
          return;
        }
        default:
      }
    },
    async finish() {
      const [benchmark] = unanswered;
      const missing = stage.kind === "train" && status.checkpoint === undefined ? `"train-end"` : undefined;
      const silent = missing ?? (benchmark === undefined ? undefined : `"evaluate-end" of ${benchmark}`);
      if (silent !== undefined) {
        throw new MlanError(
          "contract",
          `stage "${name}" ended without ${silent}; it is not done. Run it again to go on with it.`,
        );
      }
      if (stage.kind === "train") status.ledger = ledgerEntry(name, steps);
      return status;
    },
  };
}

function pathInside(folder: RunFolder, stage: Stage, checkpoint: URL): string {
  const { href } = folder.url;
  if (checkpoint.href.startsWith(href) && checkpoint.href.endsWith("/")) return checkpoint.href.slice(href.length);
  throw new MlanError(
    "contract",
    `the trainer of stage "${stage.name}" left its checkpoint in ${pathOf(checkpoint)}, which is no folder inside the run's, ending in a slash.`,
  );
}

function ledgerOf(stages: readonly Stage[], manifest: Manifest): readonly LedgerEntry[] {
  return stages.flatMap(({ name }) => manifest.stages[name]?.ledger ?? []);
}

async function mark(
  folder: RunFolder,
  manifest: Manifest,
  stage: Stage,
  status: Partial<StageStatus>,
): Promise<Manifest> {
  const before = manifest.stages[stage.name];
  const merged: StageStatus = { done: false, started: new Date().toISOString(), ...before, ...status };
  const next = { ...manifest, stages: { ...manifest.stages, [stage.name]: merged } };
  await folder.writeManifest(next);
  return next;
}
