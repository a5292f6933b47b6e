import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { assertShape } from "../../graph/shape-check.ts";
import { constant, kernel } from "../tools/operation.ts";
import { softmax } from "./softmax.ts";

/**
 * Draws from distributions [rows, outcomes]. ONNX Runtime has no suitable kernel, so JavaScript reads the data and
 * draws.
 */
export const MULTINOMIAL_KERNELS: readonly Kernel[] = [
  kernel<tf.MultinomialInputs, tf.MultinomialAttrs>(
    tf.Multinomial,
    ({ logits }, { numSamples, seed, normalized }, recorder) => {
      const [rows = 0, outcomes = 0] = logits.shape;
      assertShape(tf.Multinomial, [rows, numSamples]);
      const probabilities = readProbabilities(recorder, logits, normalized);
      const random = uniform(seed);
      const samples = Int32Array.from({ length: rows * numSamples }, (_, index) => {
        const first = Math.floor(index / numSamples) * outcomes;
        return draw(probabilities.subarray(first, first + outcomes), random());
      });
      return constant(recorder, samples, { shape: [rows, numSamples], dtype: "int32" });
    },
  ),
];

function readProbabilities(
  recorder: Recorder,
  logits: TensorInfo,
  normalized: boolean,
): Float32Array | Int32Array | Uint8Array {
  if (normalized) return recorder.readSync(logits.dataId);
  const probabilities = softmax(recorder, logits);
  try {
    return recorder.readSync(probabilities.dataId);
  } finally {
    recorder.disposeIntermediate(probabilities);
  }
}

/** Returns the first outcome whose cumulative probability exceeds `level`; the last outcome if rounding leaves none. */
function draw(probabilities: Float32Array | Int32Array | Uint8Array, level: number): number {
  let sum = 0;
  for (const [outcome, probability] of probabilities.entries()) {
    sum += probability;
    if (level < sum) return outcome;
  }
  return probabilities.length - 1;
}

/** Returns a generator of pseudorandom numbers from 0 to 1 ("mulberry32"). */
function uniform(seed: number): () => number {
  // The default seed of tf.multinomial is a fraction between 0 and 1, so all bits of the float64 are used.
  const [low = 0, high = 0] = new Uint32Array(Float64Array.of(seed).buffer);
  let state = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
