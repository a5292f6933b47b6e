import { deriveSeed, messageOf, MlanError, type Parameter, pathOf, seededRandom } from "@mlan/core";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { firstNotFinite } from "./first-not-finite.ts";
import type { ParameterShape } from "./parameter-list.ts";
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
export async function loadWeights(
  { stored, fresh }: WeightPlan,
  parameters: readonly Parameter[],
  { seed, signal }: LoadWeightsOptions,
): Promise<void> {
  const variables = new Map(parameters.map(({ name, variable }) => [name, variable]));
  for (const { parameter, reader, name } of stored) {
    signal?.throwIfAborted();
    const values = await checkpointResult(reader.read(name));
    const place = firstNotFinite(values);
    if (place >= 0) throw notFinite(reader, name, place, values[place]);
    assign(variables.get(parameter.name), values);
  }
  for (const parameter of fresh) assign(variables.get(parameter.name), initialProjectorValues(parameter, fresh, seed));
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
function initialProjectorValues(
  { name, shape }: ParameterShape,
  all: readonly ParameterShape[],
  seed: number,
): Float32Array {
  const weight = all.find((other) => other.name === name.replace(/bias$/, "weight"));
  const length = shape.reduce((product, size) => product * size, 1);
  const bound = 1 / Math.sqrt(weight?.shape[1] ?? length);
  const random = seededRandom(deriveSeed(seed, name));
  return Float32Array.from({ length }, () => (random.next() * 2 - 1) * bound);
}

function assign(variable: tf.Variable | undefined, values: Float32Array): void {
  if (!variable) throw new MlanError("contract", "model-llava: a planned weight has no variable.");
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
