import type { NativeTensor } from "./device-memory.ts";
import { DataType } from "./native-binding.ts";

/** One tensor as TensorFlow.js knows it, wherever its values are. */
export interface TensorEntry {
  readonly shape: readonly number[];
  /** As TensorFlow.js sees it: bfloat16 passes for float. */
  readonly dtype: number;
  /** Whether it is one of a model's weights, of which a bfloat16 copy is worth keeping: given from outside, or updated in place. */
  parameter: boolean;
  /** In its own type. */
  full?: NativeTensor | undefined;
  /** In bfloat16: all there is of an activation that was computed in it; of a parameter, a copy. */
  half?: NativeTensor | undefined;
  /** The exact values of a parameter that lies on the device in bfloat16 only. */
  host?: Float32Array | undefined;
  /** TensorFlow's resource of a parameter that is updated in place; `full` is then a view of it, or read when needed. */
  variable?: NativeTensor | undefined;
}

/** Whether there is nothing but bfloat16 of it. */
export function isHalf({ full, half, host, variable }: TensorEntry): boolean {
  return half !== undefined && full === undefined && host === undefined && variable === undefined;
}

export function isFloat({ dtype }: TensorEntry): boolean {
  return dtype === DataType.float;
}

export function isSingle({ shape }: TensorEntry): boolean {
  return shape.every((length) => length === 1);
}
