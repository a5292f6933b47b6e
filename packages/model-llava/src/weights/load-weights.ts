import { deriveSeed, MlanError, seededRandom } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { readTensors } from "./read-tensors.ts";
import type { Weight } from "./weight.ts";
import type { WeightPlan } from "./weight-plan.ts";

export interface LoadWeightsOptions {
  /** Seed of a fresh projector. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads the planned weights. Throws `invalid-checkpoint` for a tensor that cannot be read or holds a value that is not
 * finite.
 */
export async function loadWeights(
  { stored, fresh }: WeightPlan,
  weights: readonly Weight[],
  { seed, signal }: LoadWeightsOptions,
): Promise<void> {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  // The plan has separate declarations; these are the network's weights.
  const owned = ({ name }: Weight): Weight => {
    const weight = byName.get(name);
    if (!weight)
      throw new MlanError("contract", `model-llava: the network has no weight "${name}" that the plan names.`);
    return weight;
  };
  await readTensors(
    stored.map(({ weight, reader, name }) => {
      const target = owned(weight);
      return { reader, name, shape: target.shape, take: (tensor) => target.set(tensor) };
    }),
    signal,
  );
  for (const weight of fresh) owned(weight).set(tf.tensor(initialProjectorValues(weight, fresh, seed), weight.shape));
}

/** PyTorch's initialisation of nn.Linear: uniform within 1/sqrt(inputs), weights and biases alike. */
function initialProjectorValues({ name, size }: Weight, all: readonly Weight[], seed: number): Float32Array {
  const weight = all.find((other) => other.name === name.replace(/bias$/, "weight"));
  const bound = 1 / Math.sqrt(weight?.shape[1] ?? size);
  const random = seededRandom(deriveSeed(seed, name));
  return Float32Array.from({ length: size }, () => (random.next() * 2 - 1) * bound);
}
