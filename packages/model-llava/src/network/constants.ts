import * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import { causalMask } from "./attention.ts";
import {
  disposeRotaryTable,
  mapRotaryTable,
  type RotaryPosition,
  type RotaryTable,
  rotaryTable,
  rotationsOf,
} from "./rotary.ts";

/** Tensors that depend only on a length. They are created at first use and kept for later batches. */
export interface Constants {
  /** Returns the rotations [length, dimension / 2] of positions 0 to length - 1. */
  rotations(length: number): RotaryTable;
  /** Returns the rotations [positions.length, dimension / 2] of arbitrary positions. The caller disposes of them. */
  rotationsOf(positions: readonly RotaryPosition[]): RotaryTable;
  /** Returns the causal mask [length, length]. */
  mask(length: number): tf.Tensor2D;
  dispose(): void;
}

export function constants({ headDimension, ropeTheta, ropeScaling }: LanguageConfig): Constants {
  const rotary = { dimension: headDimension, theta: ropeTheta, scaling: ropeScaling };
  const tables = new Map<number, RotaryTable>();
  const masks = new Map<number, tf.Tensor2D>();
  return {
    rotations: (length) => remembered(tables, length, () => mapRotaryTable(rotaryTable(length, rotary), tf.keep)),
    rotationsOf: (positions) => rotationsOf(positions, rotary),
    mask: (length) => remembered(masks, length, () => tf.keep(causalMask(length))),
    dispose: () => {
      for (const table of tables.values()) disposeRotaryTable(table);
      tf.dispose([...masks.values()]);
      tables.clear();
      masks.clear();
    },
  };
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
