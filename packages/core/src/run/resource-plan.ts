import type { Location } from "../contracts/location.ts";
import type { MemoryEstimate } from "../contracts/memory.ts";
import type { TrainingNeeds } from "../contracts/trainer.ts";
import { type DiskNeeds, diskNeeds } from "../files/disk-space.ts";
import { createScope } from "../scope/scope.ts";
import { COMPUTE, MODEL } from "../scope/token.ts";
import { type DownloadEvent, withDownloads } from "./downloads.ts";
import type { Experiment } from "./experiment.ts";
import { measuredSteps, type MeasuredStep } from "./measure-step.ts";
import { fittingChanges, memoryBound, totalMemory } from "./memory-check.ts";
import type { PreflightEvent } from "./preflight.ts";
import { runFolder } from "./run-folder.ts";
import type { Stage } from "./stage.ts";
import { datasetsOf } from "./stage-data.ts";
import type { Change, StageNeeds } from "./stage-needs.ts";
import { stagesInOrder } from "./stages-in-order.ts";

export interface PlanOptions {
  /** The run folder, which need not exist. */
  readonly folder: Location;
  /** Bytes of memory of the machine or device that will run the experiment. Default: those of this machine. */
  readonly memory?: number;
  /**
   * Whether the model is loaded and the first two steps of each training stage are taken, to measure their time. Nothing is
   * saved. Not done if a stage does not fit. Default false.
   */
  readonly measure?: boolean;
  readonly signal?: AbortSignal;
}

/** What a run of an experiment will need, predicted from the model's and the data's files. */
export interface ResourcePlan {
  readonly experiment: string;
  /** Bytes of memory that a run may use. Absent for a device with its own memory, unless {@link PlanOptions.memory} is given. */
  readonly memoryLimit?: number;
  readonly disk: DiskNeeds & {
    /** Size of the files that opening the model will write beside its weights, in bytes. */
    readonly modelBytes: number;
  };
  readonly stages: readonly StagePlan[];
}

export interface StagePlan extends Partial<Omit<StageNeeds, "memory" | "changes">> {
  readonly name: string;
  readonly kind: Stage["kind"];
  /**
   * Peak memory of the process in bytes: the tensors, and under "process" what the process uses before the model is
   * loaded, unless tensors are in a device's memory. Absent when the model does not say what it needs.
   */
  readonly memory?: MemoryEstimate;
  /** The first steps of a training stage, with {@link PlanOptions.measure}. */
  readonly measured?: MeasuredStep;
  /** Whether the stage fits into memory. Absent when unknown. */
  readonly fits?: boolean;
  /** Settings with which the stage would fit, those with the fewest changes first; empty if it fits. */
  readonly wouldFit: readonly Change[];
}

/** Emitted once per call, as the last event. */
export interface PlanEvent {
  readonly type: "plan";
  readonly plan: ResourcePlan;
}

/**
 * Predicts what a run of an experiment will need, stage by stage. Neither loads the model nor writes anything, unless
 * `measure` is set. Throws the errors of the data, the model's files and the recipes, but none for a lack of memory or
 * disk space.
 */
export async function* planExperiment(
  experiment: Experiment,
  { folder: place, memory: given, measure = false, signal }: PlanOptions,
): AsyncGenerator<PreflightEvent | DownloadEvent | PlanEvent, void, undefined> {
  const folder = runFolder(place);
  await using scope = createScope(experiment.use);
  for (const token of experiment.stages.flatMap(({ needs = [] }) => needs)) scope.get(token);
  const source = scope.get(MODEL);
  const compute = scope.find(COMPUTE);
  if (compute) {
    yield { type: "preflight", subject: `the compute ${compute.name}` };
    await compute.open();
  }
  yield { type: "preflight", subject: `the model ${source.name}` };
  const model = source.inspect && (yield* withDownloads(async (opening) => source.inspect?.(opening), signal));
  const found: Planned[] = [];
  for (const { stage, ...context } of stagesInOrder(experiment, { scope, model, signal })) {
    for (const dataset of datasetsOf(context)) {
      yield { type: "preflight", subject: `the data ${dataset.name}` };
      yield* withDownloads((opening) => dataset.open(opening), signal);
    }
    const checkpoints = await stage.check?.(context);
    found.push({ stage, checkpoints, needs: await stage.plan?.(context) });
  }
  const bound = memoryBound(compute, given);
  const disk = await diskNeeds(
    folder.url,
    found.flatMap(({ stage, checkpoints }) =>
      checkpoints ? [{ ...checkpoints, place: folder.checkpoints(stage.name) }] : [],
    ),
  );
  const stages = found.map(({ stage: { name, kind }, needs }): StagePlan => {
    if (!needs) return { name, kind, wouldFit: [] };
    const { memory: tensors, changes, ...rest } = needs;
    const memory = totalMemory(tensors, bound);
    const fits = bound.limit === undefined ? undefined : memory.total <= bound.limit;
    const wouldFit = fits === false ? fittingChanges(changes(), bound) : [];
    return { name, kind, ...rest, memory, ...(fits !== undefined && { fits }), wouldFit };
  });
  const measured = new Map<string, MeasuredStep | undefined>();
  if (measure && stages.every(({ fits }) => fits !== false)) {
    yield { type: "preflight", subject: "the time of training steps" };
    for await (const [name, step] of measuredSteps({ experiment, scope, signal })) measured.set(name, step);
  }
  yield {
    type: "plan",
    plan: {
      experiment: experiment.name,
      ...(bound.limit !== undefined && { memoryLimit: bound.limit }),
      disk: { ...disk, modelBytes: model?.memory?.fileBytes ?? 0 },
      stages: stages.map((stage) => {
        const step = measured.get(stage.name);
        return step ? { ...stage, measured: step } : stage;
      }),
    },
  };
}

interface Planned {
  readonly stage: Stage;
  readonly checkpoints: TrainingNeeds | undefined;
  readonly needs: StageNeeds | undefined;
}
