import type { Rotation } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { RopeScaling } from "../config/rope-config.ts";

/**
 * Rotations of all positions [positions, dimension / 2]. Rotations of queries include the factor 1/sqrt(dimension) of
 * attention.
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
 * Creates the table of a rotary position embedding (arXiv 2104.09864). As in Hugging Face's code, the two elements of a
 * pair are half a head apart. With dynamic scaling, each position counts as the last one of its sequence, as in
 * generation.
 */
export function rotaryTable(positions: number, options: RotaryOptions): RotaryTable {
  const all = Array.from({ length: positions }, (_, position) => ({ position, sequenceLength: position + 1 }));
  return rotationsOf(all, options);
}

/** A position in a sequence of known length. */
export interface RotaryPosition {
  readonly position: number;
  /** Length of the sequence. It determines the rotation under dynamic scaling. */
  readonly sequenceLength: number;
}

/** Returns the rotations [positions.length, dimension / 2] of arbitrary positions. */
export function rotationsOf(positions: readonly RotaryPosition[], options: RotaryOptions): RotaryTable {
  const half = options.dimension / 2;
  const known = new Map<number, Float64Array>();
  const angles = new Float64Array(positions.length * half);
  for (const [index, { position, sequenceLength }] of positions.entries()) {
    const length = countedLength(sequenceLength, options.scaling);
    const frequencies = known.get(length) ?? frequenciesAt(length, options);
    known.set(length, frequencies);
    for (let pair = 0; pair < half; pair++) angles[index * half + pair] = position * (frequencies[pair] ?? 0);
  }
  const table = (turn: (angle: number) => number, factor: number): tf.Tensor =>
    tf.tensor2d(
      Float32Array.from(angles, (angle) => turn(angle) * factor),
      [positions.length, half],
    );
  const scale = 1 / Math.sqrt(options.dimension);
  return {
    query: { cosine: table(Math.cos, scale), sine: table(Math.sin, scale) },
    key: { cosine: table(Math.cos, 1), sine: table(Math.sin, 1) },
  };
}

/** Returns the sequence length that scales the frequencies; 0 if the length has no effect. */
function countedLength(sequenceLength: number, scaling: RopeScaling | undefined): number {
  return scaling?.type === "dynamic" && sequenceLength > scaling.trainedPositions ? sequenceLength : 0;
}

/** Returns the frequency of each pair, in radians per position. */
function frequenciesAt(length: number, { dimension, theta, scaling }: RotaryOptions): Float64Array {
  const base = length > 0 && scaling?.type === "dynamic" ? stretched(theta, length, dimension, scaling) : theta;
  const half = dimension / 2;
  return Float64Array.from({ length: half }, (_, pair) => scaled(base ** (-pair / half), scaling));
}

type DynamicScaling = Extract<RopeScaling, { readonly type: "dynamic" }>;

/** Returns theta for a sequence beyond the trained context length, as in transformers. */
function stretched(
  theta: number,
  length: number,
  dimension: number,
  { factor, trainedPositions }: DynamicScaling,
): number {
  const times = (factor * length) / trainedPositions - (factor - 1);
  return dimension > 2 ? theta * times ** (dimension / (dimension - 2)) : theta;
}

/** Scales a frequency as in transformers. */
function scaled(frequency: number, scaling: RopeScaling | undefined): number {
  switch (scaling?.type) {
    case "linear":
      return frequency / scaling.factor;
    case "llama3": {
      // Low frequencies are divided by the factor, high frequencies stay, and frequencies between them are
      // interpolated.
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling;
      const turns = (originalPositions * frequency) / (2 * Math.PI);
      const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
      return ((1 - kept) * frequency) / factor + kept * frequency;
    }
    default:
      return frequency;
  }
}

export function mapRotaryTable({ query, key }: RotaryTable, change: (tensor: tf.Tensor) => tf.Tensor): RotaryTable {
  const both = ({ cosine, sine }: Rotation): Rotation => ({ cosine: change(cosine), sine: change(sine) });
  return { query: both(query), key: both(key) };
}

export function disposeRotaryTable({ query, key }: RotaryTable): void {
  tf.dispose([query.cosine, query.sine, key.cosine, key.sine]);
}
