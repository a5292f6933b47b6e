import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";

/** Factors that rotate queries or keys, broadcast to [rows, heads, length, dimension]. */
export interface Rotation {
  readonly cosine: tf.Tensor;
  /** The first half negative, so that no half of the rotated vector needs its sign changed. */
  readonly sine: tf.Tensor;
}

/** Rotations for all positions, each [positions, dimension]. The query's carries attention's 1/sqrt(dimension). */
export interface RotaryTable {
  readonly query: Rotation;
  readonly key: Rotation;
}

/** Rotary position embedding (arXiv 2104.09864) in Hugging Face's convention: pairs are half a head apart. */
export function rotaryTable(positions: number, dimension: number, theta: number): RotaryTable {
  const cosine = new Float32Array(positions * dimension);
  const sine = new Float32Array(positions * dimension);
  const half = dimension / 2;
  for (let pair = 0; pair < half; pair++) {
    const frequency = theta ** (-pair / half);
    for (let position = 0; position < positions; position++) {
      const angle = position * frequency;
      const first = position * dimension + pair;
      cosine[first] = cosine[first + half] = Math.cos(angle);
      sine[first] = -Math.sin(angle);
      sine[first + half] = Math.sin(angle);
    }
  }
  const scale = 1 / Math.sqrt(dimension);
  const tensor = (values: Float32Array, factor: number): tf.Tensor =>
    tf.tensor2d(
      values.map((value) => value * factor),
      [positions, dimension],
    );
  return {
    query: { cosine: tensor(cosine, scale), sine: tensor(sine, scale) },
    key: { cosine: tensor(cosine, 1), sine: tensor(sine, 1) },
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

/** Rotates heads [rows, heads, length, dimension]. */
export function rotate(heads: tf.Tensor4D, { cosine, sine }: Rotation): tf.Tensor4D {
  return withGradient<tf.Tensor4D>([heads], (save) => {
    save(cosine, sine);
    return {
      value: tf.add<tf.Tensor4D>(tf.mul(heads, cosine), tf.mul(swapHalves(heads), sine)),
      gradient: (dy, saved) => [
        tf.sub(tf.mul(dy, savedTensor(saved, 0)), tf.mul(swapHalves(dy), savedTensor(saved, 1))),
      ],
    };
  });
}

function swapHalves(heads: tf.Tensor4D): tf.Tensor4D {
  const [rows, count, length, dimension] = heads.shape;
  const half = dimension / 2;
  const first = tf.slice(heads, [0, 0, 0, 0], [rows, count, length, half]);
  const second = tf.slice(heads, [0, 0, 0, half], [rows, count, length, half]);
  return tf.concat([second, first], 3);
}
