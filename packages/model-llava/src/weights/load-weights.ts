import { deriveSeed, messageOf, MlanError, type Parameter, pathOf, seededRandom } from "@mlan/core";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { firstNotFinite } from "./first-not-finite.ts";
import type { WeightPlan } from "./weight-plan.ts";

export interface LoadWeightsOptions {
  /** Of the projector when it is fresh. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fills the planned parameters, one tensor at a time, so that little more than the weights is ever in memory. Throws
 * `invalid-checkpoint` for a tensor that cannot be read or holds a value that is not finite.
 */
export async function loadWeights({ stored, fresh }: WeightPlan, { seed, signal }: LoadWeightsOptions): Promise<void> {
  for (const { parameter, reader, name } of stored) {
    signal?.throwIfAborted();
    const values = await checkpointResult(reader.read(name));
    const place = firstNotFinite(values);
    if (place >= 0) throw notFinite(reader, name, place, values[place]);
    assign(parameter, values);
  }
  for (const parameter of fresh) assign(parameter, initialProjectorValues(parameter, fresh, seed));
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
function initialProjectorValues({ name, variable }: Parameter, all: readonly Parameter[], seed: number): Float32Array {
  const weight = all.find((other) => other.name === name.replace(/bias$/, "weight"));
  const bound = 1 / Math.sqrt(weight?.variable.shape[1] ?? variable.size);
  const random = seededRandom(deriveSeed(seed, name));
  return Float32Array.from({ length: variable.size }, () => (random.next() * 2 - 1) * bound);
}

function assign({ variable }: Parameter, values: Float32Array): void {
  const tensor = tf.tensor(values, variable.shape);
  variable.assign(tensor);
  tensor.dispose();
}

async function checkpointResult<Result>(result: Promise<Result>): Promise<Result> {
  try {
    return await result;
  } catch (cause) {
    throw new MlanError("invalid-checkpoint", `model-llava: ${messageOf(cause)}`, { cause });
  }
}
