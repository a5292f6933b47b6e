import type { Location } from "../contracts/location.ts";
import type { MemoryEstimate } from "../contracts/memory.ts";
import { type DiskNeeds, diskNeeds } from "../files/disk-space.ts";
import { createScope } from "../scope/scope.ts";
import { COMPUTE, MODEL } from "../scope/token.ts";
import { type DownloadEvent, withDownloads } from "./downloads.ts";
import type { Experiment } from "./experiment.ts";
import { measuredSteps, type MeasuredStep } from "./measure-step.ts";
import { fittingChanges, memoryBound, totalMemory } from "./memory-check.ts";
import type { PreflightEvent } from "./preflight.ts";
import type { CheckedStage, PlannedStages } from "./planned-stages.ts";
import { runFolder } from "./run-folder.ts";
import type { Stage } from "./stage.ts";
import { datasetsOf } from "./stage-data.ts";
import type { Change, StageNeeds } from "./stage-needs.ts";
import { stagesInOrder } from "./stages-in-order.ts";

export interface PlanOptions {
  /** The folder in which the experiment would run. It need not exist. */
  readonly folder: Location;
  /** Memory of the machine or device that will run the experiment, in bytes. Default: that of this machine. */
  readonly memory?: number;
  /** Number of processes that share the memory equally, such as those of a study. Default 1. */
  readonly processes?: number;
  /**
   * The plans of stages that other experiments have in common with this one, and the open datasets. New ones are added.
   * Default: none.
   */
  readonly planned?: PlannedStages;
  /**
   * Whether to load the model and measure the first two steps of each training stage that fits into memory. Nothing is
   * saved. Default false.
   */
  readonly measure?: boolean;
  readonly signal?: AbortSignal;
}

/** What a run of an experiment will need, predicted from the files of the model and the data. */
export interface ResourcePlan {
  readonly experiment: string;
  /**
   * Memory that a run may use, in bytes: its share if several processes share it. Absent for a device with its own
   * memory, unless {@link PlanOptions.memory} is set.
   */
  readonly memoryLimit?: number;
  readonly disk: DiskNeeds & {
    /** Size of the files that opening the model writes next to its weights, in bytes. */
    readonly modelBytes: number;
  };
  readonly stages: readonly StagePlan[];
}

export interface StagePlan extends Partial<Omit<StageNeeds, "memory" | "changes">> {
  readonly name: string;
  readonly kind: Stage["kind"];
  /**
   * Predicted peak memory in bytes. The part "process" is the memory of the process without tensors, and what the
   * compute backend reserves beyond the tensors in use; it is left out if a device with its own memory stores the
   * tensors. Absent when the model does not report its needs.
   */
  readonly memory?: MemoryEstimate;
  /** Measurements of the first steps of a training stage. Present with {@link PlanOptions.measure}. */
  readonly measured?: MeasuredStep;
  /** Whether the stage fits into memory. Absent when unknown. */
  readonly fits?: boolean;
  /** Settings with which the stage would fit, starting with the fewest changes. Empty if it fits. */
  readonly wouldFit: readonly Change[];
}

/** The event with the finished plan, which {@link planExperiment} yields last. */
export interface PlanEvent {
  readonly type: "plan";
  readonly plan: ResourcePlan;
}

/**
 * Predicts what a run of an experiment will need, stage by stage. Without `measure`, neither loads the model nor writes
 * anything. Throws the errors of the data, the model's files and the recipes. Does not throw for a lack of memory or
 * disk space.
 */
export async function* planExperiment(
  experiment: Experiment,
  { folder: place, memory: given, processes, planned, measure = false, signal }: PlanOptions,
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
  for (const placed of stagesInOrder(experiment, { scope, model, signal, opened: planned?.opened })) {
    const { stage, ...context } = placed;
    const known = planned?.find(experiment, placed);
    if (known) {
      found.push({ stage, ...known });
      continue;
    }
    for (const dataset of datasetsOf(context)) {
      yield { type: "preflight", subject: `the data ${dataset.name}` };
      yield* withDownloads((opening) => dataset.open(opening), signal);
    }
    const checked = { checkpoints: await stage.check?.(context), needs: await stage.plan?.(context) };
    planned?.add(experiment, placed, checked);
    found.push({ stage, ...checked });
  }
  const bound = memoryBound(compute, { memory: given, processes, resident: planned?.resident() });
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

interface Planned extends CheckedStage {
  readonly stage: Stage;
}
