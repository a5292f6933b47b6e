import { deriveSeed, MlanError, type OpenOptions, pathOf, seededRandom } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { readTensors } from "./read-tensors.ts";
import { keepMatrices } from "./keep-matrices.ts";
import type { Weight } from "./weight.ts";
import type { WeightFormat } from "./weight-format.ts";
import type { PlannedWeight, WeightPlan } from "./weight-plan.ts";

export interface LoadWeightsOptions {
  /** Seed for a new projector. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** Called while matrices are quantized into a file. */
  readonly onDownload?: OpenOptions["onDownload"] | undefined;
  /** Default "float32". */
  readonly format?: WeightFormat | undefined;
  /** Whether quantized matrices are saved in the folder `quantized` beside their weight files. Default false. */
  readonly keepsQuantized?: boolean;
}

/**
 * Copies the planned weights into the network's tensors. Throws `invalid-checkpoint` for a tensor that cannot be read
 * or has a value that is not finite.
 */
export async function loadWeights(
  { stored, fresh }: WeightPlan,
  weights: readonly Weight[],
  { seed, signal, onDownload, format = "float32", keepsQuantized = false }: LoadWeightsOptions,
): Promise<void> {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  // The plan has its own declarations. These are the weights of the network.
  const owned = ({ name }: Weight): Weight => {
    const weight = byName.get(name);
    if (!weight)
      throw new MlanError("contract", `model-llava: the network has no weight "${name}" that the plan names.`);
    return weight;
  };
  const pairs = stored.map((planned) => ({ planned, target: owned(planned.weight) }));
  const kept = await keepMatrices(pairs, { format, keepsQuantized, signal, onDownload });
  const dense = pairs.filter(({ target }) => !kept.has(target));
  await readTensors(
    dense.map(({ planned: { reader, name }, target }) => {
      return { reader, name, shape: target.shape, take: (tensor) => target.set(tensor) };
    }),
    signal,
  );
  for (const { planned, target } of dense) if (planned.update) await merge(target, planned.update);
  for (const weight of fresh) owned(weight).set(tf.tensor(initialProjectorValues(weight, fresh, seed), weight.shape));
}

/** Adds a low-rank update in float32, like PEFT. */
async function merge(weight: Weight, { reader, a, b, scale }: NonNullable<PlannedWeight["update"]>): Promise<void> {
  const parts: tf.Tensor[] = [];
  const stored = [a, b].map((name) => {
    const shape = reader.entries.get(name)?.shape ?? [];
    return { reader, name, shape, take: (tensor: tf.Tensor) => parts.push(tensor) };
  });
  try {
    // One at a time, so that they arrive in order.
    for (const one of stored) await readTensors([one]);
    const [down, up] = parts as tf.Tensor2D[];
    if (!down || !up) return;
    const [merged, sum] = tf.tidy(() => {
      const values = tf.add(weight.tensor, tf.mul(tf.matMul(up, down), scale));
      return [values, tf.sum(values)] as const;
    });
    parts.push(sum as tf.Tensor);
    if (!Number.isFinite((await sum.data())[0])) {
      merged.dispose();
      throw notFinite(weight, reader.entries.get(a)?.file);
    }
    weight.set(merged);
  } finally {
    tf.dispose(parts);
  }
}

function notFinite({ name }: Weight, file: URL | undefined): MlanError {
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${file ? pathOf(file) : "an adapter"}: its update of "${name}" results in values that are not finite. Use another ` +
      "checkpoint of the adapter.",
  );
}

/** Returns initial values like PyTorch's nn.Linear: uniform within ±1/sqrt(inputs), for weights and biases. */
function initialProjectorValues({ name, size }: Weight, all: readonly Weight[], seed: number): Float32Array {
  const weight = all.find((other) => other.name === name.replace(/bias$/, "weight"));
  const bound = 1 / Math.sqrt(weight?.shape[1] ?? size);
  const random = seededRandom(deriveSeed(seed, name));
  return Float32Array.from({ length: size }, () => (random.next() * 2 - 1) * bound);
}
