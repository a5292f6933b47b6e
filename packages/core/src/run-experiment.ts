import { isDeepStrictEqual } from "node:util";
import { MlanError } from "./errors.ts";
import { pathOf } from "./path-of.ts";
import type { EvaluateEvent } from "./evaluator.ts";
import { type Experiment, planOf } from "./experiment.ts";
import type { TrainableModel } from "./model.ts";
import { versionsOf } from "./plugin.ts";
import { deriveSeed } from "./random.ts";
import { type LedgerEntry, type Manifest, type RunFolder, runFolder, type StageStatus } from "./run-folder.ts";
import { createScope, type Scope } from "./scope.ts";
import type { Stage, StageResult } from "./stage.ts";
import { CLOCK, MODEL, TRAINER } from "./token.ts";
import type { TrainEvent } from "./trainer.ts";

export interface RunOptions {
  /** Where the run is kept. A folder that holds a part of the same experiment is continued. */
  readonly folder: URL;
  readonly signal?: AbortSignal;
}

export type RunEvent = StageStartEvent | StageProgressEvent | StageEndEvent | RunEndEvent;

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
 * Runs the stages one after the other on one model and keeps everything in the run folder. A killed run is continued
 * by the same call: stages that are done are skipped, a training stage goes on from its newest checkpoint.
 * Throws `run-folder` when the folder holds another experiment.
 */
export async function* runExperiment(
  experiment: Experiment,
  options: RunOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const folder = runFolder(options.folder);
  let manifest = await openManifest(experiment, folder);
  await using scope = createScope([systemClock, ...experiment.use]);
  const { signal } = options;
  const clock = scope.get(CLOCK);
  let model: TrainableModel | undefined;
  try {
    for (const [index, stage] of experiment.stages.entries()) {
      yield { type: "stage-start", stage: stage.name, kind: stage.kind, index, stages: experiment.stages.length };
      const start = clock.now();
      const skipped = manifest.stages[stage.name]?.done === true;
      if (!skipped) {
        signal?.throwIfAborted();
        model ??= await openModel(scope, experiment, manifest, folder, signal);
        manifest = await mark(folder, manifest, stage, { done: false, started: new Date().toISOString() });
        const status: Partial<StageStatus> = {};
        const context = { scope, model, seed: experiment.seed, folder, ...(signal && { signal }) };
        for await (const event of stage.run(context)) {
          Object.assign(status, await record(folder, stage, event));
          yield { type: "stage-progress", stage: stage.name, event };
        }
        signal?.throwIfAborted();
        if (stage.kind === "train") await folder.writeLedger();
        manifest = await mark(folder, manifest, stage, { ...status, done: true, finished: new Date().toISOString() });
      }
      yield { type: "stage-end", stage: stage.name, seconds: (clock.now() - start) / 1000, skipped };
    }
  } finally {
    model?.dispose();
  }
  yield { type: "run-end", folder: folder.url, results: await folder.readResults(), ledger: await folder.readLedger() };
}

const systemClock = { name: "@mlan/core/system-clock", token: CLOCK, create: () => ({ now: () => performance.now() }) };

async function openManifest(experiment: Experiment, folder: RunFolder): Promise<Manifest> {
  const plan = planOf(experiment);
  const found = await folder.readManifest();
  if (!found) {
    const versions = await versionsOf(experiment.use);
    const manifest: Manifest = { formatVersion: 1, plan, versions, created: new Date().toISOString(), stages: {} };
    await folder.writeManifest(manifest);
    return manifest;
  }
  const difference = firstDifference(found.plan, plan, "experiment");
  if (difference === undefined) return found;
  throw new MlanError(
    "run-folder",
    `${pathOf(folder.url)} holds another experiment: ${difference}. Run into another folder, or remove this one.`,
  );
}

/** The model as the last finished training stage left it, or as its source has it. */
async function openModel(
  scope: Scope,
  { seed, stages }: Experiment,
  manifest: Manifest,
  folder: RunFolder,
  signal: AbortSignal | undefined,
): Promise<TrainableModel> {
  scope.find(TRAINER); // It brings the tensor backend, on which the model is to live from the beginning.
  const model = await scope.get(MODEL).open({ seed: deriveSeed(seed, "model"), ...(signal && { signal }) });
  const checkpoint = stages
    .map(({ name }) => manifest.stages[name])
    .findLast((status) => status?.done && status.checkpoint !== undefined)?.checkpoint;
  if (checkpoint !== undefined) await model.load(new URL(checkpoint, folder.url));
  return model;
}

/** Writes what an event says into the run folder; gives what is to be remembered of the stage. */
async function record(
  folder: RunFolder,
  stage: Stage,
  event: TrainEvent | EvaluateEvent,
): Promise<Partial<StageStatus>> {
  switch (event.type) {
    case "train-start":
      await folder.keepMetrics(stage.name, event.stepsDone);
      return { dataFingerprint: event.dataFingerprint };
    case "step-end": {
      const { type: _, ...metrics } = event;
      await folder.addMetrics({ stage: stage.name, ...metrics });
      return {};
    }
    case "train-end":
      return { checkpoint: event.folder.href.slice(folder.url.href.length) };
    case "evaluate-end": {
      const others = (await folder.readResults()).filter(
        (result) => result.stage !== stage.name || result.benchmark !== event.result.benchmark,
      );
      await folder.writeResults([...others, { stage: stage.name, ...event.result }]);
      return {};
    }
    default:
      return {};
  }
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

/** Where two JSON values first differ, in words; undefined when they are equal. */
function firstDifference(before: unknown, now: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(before, now)) return undefined;
  if (typeof before === "object" && typeof now === "object" && before && now) {
    const left: Record<string, unknown> = { ...before };
    const right: Record<string, unknown> = { ...now };
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const difference = firstDifference(left[key], right[key], `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
  }
  return `${path} was ${JSON.stringify(before)}, now it is ${JSON.stringify(now)}`;
}
