import type { Rotation } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { RopeScaling } from "../config/rope-config.ts";

/**
 * Rotations for all positions, [positions, dimension / 2] each. Those of queries include attention's factor
 * 1/sqrt(dimension).
 */
export interface RotaryTable {
  readonly query: Rotation;
  readonly key: Rotation;
}

export interface RotaryOptions {
  /** Number of values per head. */
  readonly dimension: number;
  readonly theta: number;
  readonly scaling?: RopeScaling | undefined;
}

/**
 * Creates the table of a rotary position embedding (arXiv 2104.09864) in Hugging Face's convention: the two elements of
 * a pair are half a head apart.
 */
export function rotaryTable(positions: number, { dimension, theta, scaling }: RotaryOptions): RotaryTable {
  const half = dimension / 2;
  const frequencies = Float64Array.from({ length: half }, (_, pair) => scaled(theta ** (-pair / half), scaling));
  const angles = Float64Array.from(
    { length: positions * half },
    (_, index) => Math.floor(index / half) * (frequencies[index % half] ?? 0),
  );
  const scale = 1 / Math.sqrt(dimension);
  const table = (turn: (angle: number) => number, factor: number): tf.Tensor =>
    tf.tensor2d(
      Float32Array.from(angles, (angle) => turn(angle) * factor),
      [positions, half],
    );
  return {
    query: { cosine: table(Math.cos, scale), sine: table(Math.sin, scale) },
    key: { cosine: table(Math.cos, 1), sine: table(Math.sin, 1) },
  };
}

/** Scales a frequency, in radians per position, like transformers. */
function scaled(frequency: number, scaling: RopeScaling | undefined): number {
  switch (scaling?.type) {
    case "linear":
      return frequency / scaling.factor;
    case "llama3": {
      // Low frequencies are divided by the factor, high ones are kept, and those between are interpolated.
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling;
      const turns = (originalPositions * frequency) / (2 * Math.PI);
      const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
      return ((1 - kept) * frequency) / factor + kept * frequency;
    }
    default:
      return frequency;
  }
}

/** Applies `change` to each tensor of a table. */
export function mapRotaryTable({ query, key }: RotaryTable, change: (tensor: tf.Tensor) => tf.Tensor): RotaryTable {
  const both = ({ cosine, sine }: Rotation): Rotation => ({ cosine: change(cosine), sine: change(sine) });
  return { query: both(query), key: both(key) };
}

export function disposeRotaryTable({ query, key }: RotaryTable): void {
  tf.dispose([query.cosine, query.sine, key.cosine, key.sine]);
}
