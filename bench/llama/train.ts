import * as tf from "@tensorflow/tfjs-core";
import type { Setup, TrainedStep } from "../worker.ts";
import { applyAdamW } from "@mlan/fused-ops";
import type { Batch } from "./batches.ts";
import type { Configuration } from "./configuration.ts";
import { constants, crossEntropy, hiddenStates, type Supervised, type Weights } from "./network.ts";

export function trainer(
  { configuration, learningRate }: Setup,
  variables: ReadonlyMap<string, tf.Variable>,
  weights: Weights,
): (batch: Batch) => Promise<TrainedStep> {
  const fixed = constants(configuration);
  const trained = [...variables.values()];
  const parameters = trained.map((variable) => ({
    variable,
    firstMoment: tf.variable(tf.zeros(variable.shape), false),
    secondMoment: tf.variable(tf.zeros(variable.shape), false),
    weightDecay: 0.01,
  }));
  const head = weights(configuration.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight") as tf.Tensor2D;
  let step = 0;
  return async (batch) => {
    const start = performance.now();
    const tokens = tf.tensor1d([...batch.tokens], "int32");
    const supervised = supervisedOf(batch, configuration);
    const { value, grads } = tf.engine().gradients(
      () =>
        tf.tidy(() =>
          crossEntropy(
            hiddenStates(configuration, weights, tokens, fixed, (input, name) =>
              tf.matMul(input, weights(name) as tf.Tensor2D, false, true),
            ),
            head,
            supervised,
          ),
        ),
      trained,
      undefined,
      true,
    );
    applyAdamW(parameters, grads, { learningRate, step: ++step });
    const [loss = NaN] = await value.data();
    tf.dispose([grads, value, tokens, supervised.positions, supervised.targets]);
    return { milliseconds: performance.now() - start, loss };
  };
}

/** A position predicts the label of the next one. */
function supervisedOf({ labels }: Batch, { length }: Configuration): Supervised {
  const positions = labels.flatMap((_, index) =>
    (index + 1) % length !== 0 && labels[index + 1] !== -100 ? [index] : [],
  );
  return {
    positions: tf.tensor1d(positions, "int32"),
    targets: tf.tensor2d(
      positions.flatMap((position, row) => [row, labels[position + 1] ?? 0]),
      [positions.length, 2],
      "int32",
    ),
  };
}
