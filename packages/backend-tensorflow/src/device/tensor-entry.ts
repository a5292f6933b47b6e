import type { NativeTensor } from "./device-memory.ts";
import { DataType } from "./native-binding.ts";

/** A TensorFlow.js tensor, and where its values are stored. */
export interface TensorEntry {
  readonly shape: readonly number[];
  /** TensorFlow's number for the type that the tensor has in TensorFlow.js: `float` if the values are bfloat16. */
  readonly dtype: number;
  /**
   * Whether the tensor was written by JavaScript or updated in place, as a model's parameters are. The bfloat16 copy of
   * such a tensor is kept.
   */
  parameter: boolean;
  /** The values in the original type. */
  full?: NativeTensor | undefined;
  /**
   * The values in bfloat16. For an activation that was computed in bfloat16, these are the only values. For a parameter,
   * they are a copy.
   */
  half?: NativeTensor | undefined;
  /** The exact values of a parameter that is on the device only in bfloat16. */
  host?: Float32Array | undefined;
  /**
   * TensorFlow's resource variable of a parameter that is updated in place. If set, `full` is either a view of this
   * variable, or absent until the values are read from the variable.
   */
  variable?: NativeTensor | undefined;
}

/** Whether the tensor exists only in bfloat16. */
export function isHalf({ full, half, host, variable }: TensorEntry): boolean {
  return half !== undefined && full === undefined && host === undefined && variable === undefined;
}

export function isFloat({ dtype }: TensorEntry): boolean {
  return dtype === DataType.float;
}

export function isSingle({ shape }: TensorEntry): boolean {
  return shape.every((length) => length === 1);
}
