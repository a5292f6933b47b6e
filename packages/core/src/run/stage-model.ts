import { fingerprintOf } from "../contracts/dataset.ts";
import type { Experiment } from "./experiment.ts";
import type { Manifest, StageStatus } from "./manifest.ts";
import { type Model, trainableModel } from "../contracts/model.ts";
import { deriveSeed } from "../data/random.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Scope } from "../scope/scope.ts";
import type { Stage } from "./stage.ts";
import { MODEL } from "../scope/token.ts";

/** The model of a run, opened when the first stage needs it. */
export interface StageModel extends Disposable {
  /** Returns the model with the weights of the last training stage before stage `index`. */
  before(index: number, manifest: Manifest): Promise<Model>;
}

export interface StageModelOptions {
  readonly experiment: Experiment;
  readonly scope: Scope;
  readonly folder: RunFolder;
  readonly signal?: AbortSignal;
}

export function stageModel({ experiment, scope, folder, signal }: StageModelOptions): StageModel {
  const { seed, stages } = experiment;
  let model: Model | undefined;
  /** Index of the training stage whose weights are loaded; -1 for the source's weights. */
  let holds = -1;
  return {
    async before(index, manifest) {
      model ??= await scope.get(MODEL).open({ seed: deriveSeed(seed, "model"), ...(signal && { signal }) });
      const wanted = lastTraining(stages, index);
      const { checkpoint }: Partial<StageStatus> = manifest.stages[stages[wanted]?.name ?? ""] ?? {};
      if (wanted > holds && checkpoint !== undefined) await trainableModel(model).load(new URL(checkpoint, folder.url));
      // The training stage that now begins changes the loaded weights.
      holds = stages[index]?.kind === "train" ? index : wanted;
      return model;
    },
    [Symbol.dispose]: () => model?.dispose(),
  };
}

/** Returns the index of the last training stage before stage `index`; -1 when there is none. */
export function lastTraining(stages: readonly Stage[], index: number): number {
  return stages.slice(0, index).findLastIndex(({ kind }) => kind === "train");
}

/**
 * Returns an identifier of the weights that stage `index` starts from, made from the model's files and the training
 * stages before it. Uses the manifest's settings, so that runs of earlier versions keep their identifiers.
 */
export function weightsBefore(index: number, { seed, stages }: Experiment, manifest: Manifest): Promise<string> {
  const trainings = stages.slice(0, index).filter(({ kind }) => kind === "train");
  const planned = new Map(manifest.plan.stages.map((stage) => [stage.name, stage.settings]));
  const learned = trainings.map(({ name }) => {
    const settings = planned.get(name);
    const { data, dataFingerprint, checkpointDigest: digest }: Partial<StageStatus> = manifest.stages[name] ?? {};
    const read = Object.entries(data ?? {}).map(([set, { fingerprint, images }]) => [set, fingerprint, images.digest]);
    return [name, settings, read, dataFingerprint ?? null, digest ?? null];
  });
  return fingerprintOf([manifest.model?.digest ?? null, seed, learned]);
}
