import { compiled } from "@mlan/backend-onnx";
import { applyAdamW, valueAndGradients } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Setup, TrainedStep } from "../worker.ts";
import type { Batch } from "./batches.ts";
import type { Configuration } from "./configuration.ts";
import { lowRankAdapters } from "./low-rank-adapters.ts";
import {
  causalAttention,
  constants,
  crossEntropy,
  decoder,
  headName,
  type Project,
  type Supervised,
  type Weights,
} from "./network.ts";

/** One AdamW step per call, on all weights or on low-rank adapters beside them. */
export function trainer(
  { configuration, learningRate, task, rank }: Setup,
  variables: ReadonlyMap<string, tf.Variable>,
  weights: Weights,
): (batch: Batch) => Promise<TrainedStep> {
  const attend = causalAttention(constants(configuration));
  const head = weights(headName(configuration)) as tf.Tensor2D;
  const adapters = task === "lora" ? lowRankAdapters(variables, weights, rank) : undefined;
  const trained = adapters?.variables ?? [...variables.values()];
  const project: Project | undefined = adapters?.project;
  const parameters = trained.map((variable) => ({
    variable,
    firstMoment: zeros(variable),
    secondMoment: zeros(variable),
    weightDecay: 0.01,
  }));
  const loss = ({ tokens, supervised }: Tensors): tf.Scalar =>
    crossEntropy(decoder(configuration, weights, tokens, configuration.rows, attend, project), head, supervised);
  const update = (tensors: Tensors, step: tf.Scalar): tf.Scalar => {
    const { value, gradients } = valueAndGradients(() => loss(tensors), trained);
    applyAdamW(parameters, gradients, { learningRate, step });
    return value;
  };
  const run = task === "forward" ? compiled(loss) : compiled(update);
  let step = 0;
  return async (batch) => {
    const start = performance.now();
    const inputs = { tokens: tf.tensor1d([...batch.tokens], "int32"), supervised: supervisedOf(batch, configuration) };
    const count = tf.scalar(++step, "int32");
    const value = run(inputs, count);
    const [found = NaN] = await value.data();
    tf.dispose([value, count, inputs]);
    return { milliseconds: performance.now() - start, loss: found };
  };
}

function zeros({ shape }: tf.Variable): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros(shape), false));
}

/** What of a batch the network sees. */
type Tensors = { readonly tokens: tf.Tensor1D; readonly supervised: Supervised };

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
