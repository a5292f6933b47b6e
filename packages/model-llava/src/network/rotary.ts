import type { Rotation } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";

/** Rotations for all positions, each [positions, dimension / 2]. The query's carries attention's 1/sqrt(dimension). */
export interface RotaryTable {
  readonly query: Rotation;
  readonly key: Rotation;
}

/** Rotary position embedding (arXiv 2104.09864) in Hugging Face's convention: pairs are half a head apart. */
export function rotaryTable(positions: number, dimension: number, theta: number): RotaryTable {
  const half = dimension / 2;
  const angles = Float64Array.from(
    { length: positions * half },
    (_, index) => Math.floor(index / half) * theta ** (-(index % half) / half),
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

/** The table changed by `change`, tensor by tensor. */
export function mapRotaryTable({ query, key }: RotaryTable, change: (tensor: tf.Tensor) => tf.Tensor): RotaryTable {
  const both = ({ cosine, sine }: Rotation): Rotation => ({ cosine: change(cosine), sine: change(sine) });
  return { query: both(query), key: both(key) };
}

export function disposeRotaryTable({ query, key }: RotaryTable): void {
  tf.dispose([query.cosine, query.sine, key.cosine, key.sine]);
}
