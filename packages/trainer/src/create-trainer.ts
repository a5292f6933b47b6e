import type { Compute, Trainer } from "@mlan/core";
import { registerGradients } from "@mlan/fused-ops";
import { checkTraining } from "./check-training.ts";
import { train } from "./train.ts";

export interface TrainerDefinition {
  readonly name: string;
  /** Opened before every training; what it was used for is asked after every step. */
  readonly compute: Compute;
  /** Batches are padded to multiples of it. Default 16. */
  readonly lengthMultiple?: number;
  /** To how many different lengths batches are padded: more of them pad less and compile more. Default 4. */
  readonly maximumLengths?: number;
  /** Checkpoints of a stage that stay on disk. Default 2. */
  readonly checkpointsKept?: number;
  /** Computes parts of the model once more for the gradient instead of keeping them. Default false. */
  readonly gradientCheckpointing?: boolean;
}

/** A trainer that runs this package's loop on a compute. */
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
      yield* train(run, { compute, lengthMultiple, maximumLengths, checkpointsKept, gradientCheckpointing });
    },
  };
}
