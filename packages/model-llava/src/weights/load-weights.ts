import { deriveSeed, messageOf, MlanError, pathOf, seededRandom } from "@mlan/core";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { firstNotFinite } from "./first-not-finite.ts";
import type { Weight } from "./weight.ts";
import type { WeightPlan } from "./weight-plan.ts";

export interface LoadWeightsOptions {
  /** Of the projector when it is fresh. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads the planned ones among `weights`, one tensor at a time, so that little more than the weights is ever in memory. Throws
 * `invalid-checkpoint` for a tensor that cannot be read or holds a value that is not finite.
 */
export async function loadWeights(
  { stored, fresh }: WeightPlan,
  weights: readonly Weight[],
  { seed, signal }: LoadWeightsOptions,
): Promise<void> {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  for (const { weight, reader, name } of stored) {
    signal?.throwIfAborted();
    const values = await checkpointResult(reader.read(name));
    const place = firstNotFinite(values);
    if (place >= 0) throw notFinite(reader, name, place, values[place]);
    assign(byName.get(weight.name), values);
  }
  for (const weight of fresh) assign(byName.get(weight.name), initialProjectorValues(weight, fresh, seed));
}

function notFinite({ entries }: SafetensorsReader, name: string, place: number, value: number | undefined): MlanError {
  const file = entries.get(name)?.file;
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${file ? pathOf(file) : ""}: tensor "${name}" holds ${value} at place ${place}, from which no answer can be ` +
      "computed. Take the checkpoint from its source again, or the one before it.",
  );
}

/** Opens weights, its errors as `invalid-checkpoint` errors. */
export function openWeights(folder: URL): Promise<SafetensorsReader> {
  return checkpointResult(openSafetensors(folder));
}

/** PyTorch's initialisation of nn.Linear: uniform within 1/sqrt(inputs), weights and biases alike. */
function initialProjectorValues({ name, shape }: Weight, all: readonly Weight[], seed: number): Float32Array {
  const weight = all.find((other) => other.name === name.replace(/bias$/, "weight"));
  const length = shape.reduce((product, size) => product * size, 1);
  const bound = 1 / Math.sqrt(weight?.shape[1] ?? length);
  const random = seededRandom(deriveSeed(seed, name));
  return Float32Array.from({ length }, () => (random.next() * 2 - 1) * bound);
}

function assign(weight: Weight | undefined, values: Float32Array): void {
  if (!weight) throw new MlanError("contract", "model-llava: the network has no weight that the plan names.");
  weight.set(tf.tensor(values, weight.shape));
}

async function checkpointResult<Result>(result: Promise<Result>): Promise<Result> {
  try {
    return await result;
  } catch (cause) {
    throw new MlanError("invalid-checkpoint", `model-llava: ${messageOf(cause)}`, { cause });
  }
}
