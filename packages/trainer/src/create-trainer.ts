import type { Compute, Trainer } from "@mlan/core";
import { registerGradients } from "@mlan/fused-ops";
import { checkTraining } from "./check-training.ts";
import { trainingLoop } from "./training-loop.ts";

export interface TrainerDefinition {
  readonly name: string;
  /** The compute plugin. It is opened before every training. Its use of the device is read after every step. */
  readonly compute: Compute;
  /** Whether to recompute activations in the backward pass instead of keeping them. Default false. */
  readonly gradientCheckpointing?: boolean;
}

/** Creates a trainer that runs this package's training loop on a compute plugin. */
export function createTrainer({ name, compute, gradientCheckpointing = false }: TrainerDefinition): Trainer {
  return {
    specVersion: 1,
    name,
    check: (planned) => ({ ...checkTraining(planned), gradientCheckpointing }),
    async *train(run) {
      registerGradients();
      await compute.open();
      yield* trainingLoop(run, { compute, gradientCheckpointing });
    },
  };
}
