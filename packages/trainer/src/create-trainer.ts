import type { Compute, Trainer } from "@mlan/core";
import { registerGradients } from "@mlan/fused-ops";
import { checkTraining } from "./check-training.ts";
import { trainingLoop } from "./training-loop.ts";

export interface TrainerDefinition {
  readonly name: string;
  /** Opened before every training; its use is read after every step. */
  readonly compute: Compute;
  /** Batch lengths are padded to multiples of this. Default 16. */
  readonly lengthMultiple?: number;
  /** Number of different batch lengths: more mean less padding and more compilation. Default 4. */
  readonly maximumLengths?: number;
  /** Number of checkpoints of a stage to keep on disk. Default 2. */
  readonly checkpointsKept?: number;
  /** Recomputes parts of the model for the gradient instead of storing them. Default false. */
  readonly gradientCheckpointing?: boolean;
}

/** Creates a trainer that runs this package's training loop on a compute plugin. */
export function createTrainer(definition: TrainerDefinition): Trainer {
  const { name, compute, lengthMultiple = 16, maximumLengths = 4, checkpointsKept = 2 } = definition;
  const { gradientCheckpointing = false } = definition;
  return {
    specVersion: 1,
    name,
    check: (planned) => checkTraining(planned, checkpointsKept),
    async *train(run) {
      registerGradients();
      await compute.open();
      yield* trainingLoop(run, { compute, lengthMultiple, maximumLengths, checkpointsKept, gradientCheckpointing });
    },
  };
}
