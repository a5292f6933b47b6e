import { isDeepStrictEqual } from "node:util";
import type { OpenedDatasets } from "../contracts/dataset.ts";
import type { TrainingNeeds } from "../contracts/trainer.ts";
import { openedDatasets } from "../data/opened-datasets.ts";
import type { Experiment } from "./experiment.ts";
import type { Stage, StageCheckContext } from "./stage.ts";
import type { StageNeeds } from "./stage-needs.ts";

/** What a stage needs. */
export interface CheckedStage {
  readonly checkpoints: TrainingNeeds | undefined;
  readonly needs: StageNeeds | undefined;
}

/** A stage, and what earlier stages have done to the model. */
type PlacedStage = StageCheckContext & { readonly stage: Stage };

/**
 * The plans of stages, for experiments that have stages or data in common. Each stage is planned and each dataset
 * opened once.
 */
export interface PlannedStages {
  readonly opened: OpenedDatasets;
  /**
   * Returns the resident memory of the process in bytes. It is measured at the first call only, so that equal stages
   * have equal plans.
   */
  resident(): number;
  /** Returns the plan of the same stage; undefined before it has been added. */
  find(experiment: Pick<Experiment, "use">, stage: PlacedStage): CheckedStage | undefined;
  add(experiment: Pick<Experiment, "use">, stage: PlacedStage, checked: CheckedStage): void;
}

/**
 * Creates an empty record of plans. Two stages are the same when they are the same object, run with the same plugins,
 * and begin with a model that has the same trained components, adapter and wording.
 */
export function plannedStages(): PlannedStages {
  const found: { readonly key: Key; readonly checked: CheckedStage }[] = [];
  let resident: number | undefined;
  return {
    opened: openedDatasets(),
    resident: () => (resident ??= process.memoryUsage.rss()),
    find(experiment, stage) {
      const key = keyOf(experiment, stage);
      return found.find((one) => isSame(one.key, key))?.checked;
    },
    add(experiment, stage, checked) {
      found.push({ key: keyOf(experiment, stage), checked });
    },
  };
}

function keyOf({ use }: Pick<Experiment, "use">, { stage, trainedBefore, adapterBefore, wording }: PlacedStage): Key {
  return { stage, use, before: [trainedBefore, adapterBefore, wording?.name] };
}

interface Key {
  readonly stage: Stage;
  readonly use: Experiment["use"];
  readonly before: readonly unknown[];
}

function isSame(one: Key, other: Key): boolean {
  return (
    one.stage === other.stage &&
    one.use.length === other.use.length &&
    one.use.every((plugin, index) => plugin === other.use[index]) &&
    isDeepStrictEqual(one.before, other.before)
  );
}
