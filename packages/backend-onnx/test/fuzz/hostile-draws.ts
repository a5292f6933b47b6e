import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "@mlan/core";

type DType = "float32" | "int32" | "bool";
interface Data {
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export const FLOATS = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  3,
  1e-8,
  1e10,
  -1e10,
  2 ** 31,
  -(2 ** 31),
  3e38,
  89,
];
/** For sums of products: backends add up in different orders, and infinities would become NaN in some of them. */
export const TAME = [0, -0, 1, -1, 0.5, -2.5, 3, 1e-8, 89];
export const INTEGERS = [0, 1, -1, 2, 7, -7, 46_341, 65_536, 2 ** 31 - 1, -(2 ** 31), 3, 255, 256];
export const PLACES = [0, 1, 2, -1, -2, 5, -7, 1.5, NaN, 2 ** 31, -(2 ** 40), Infinity];
const LENGTHS = [0, 1, 2, 3, 4];

export interface Draws {
  of<T>(choices: readonly T[]): T;
  list<T>(choices: readonly T[], length: number): T[];
  shape(rank?: number): number[];
  data(shape?: readonly number[], dtype?: DType): Data;
  tame(shape?: readonly number[]): Data;
}

/** The makers of cases, by the name of the operation. */
export type Makers = Readonly<Record<string, (draw: Draws) => Made>>;

interface Made {
  readonly parameters: readonly unknown[];
  run(): tf.Tensor | tf.Tensor[];
}

export function draws(random: Random): Draws {
  const of = <T>(choices: readonly T[]): T => {
    const chosen = choices[random.below(choices.length)];
    if (chosen === undefined) throw new Error("the list to choose from is empty");
    return chosen;
  };
  const list = <T>(choices: readonly T[], length: number): T[] => Array.from({ length }, () => of(choices));
  const shape = (rank = of([1, 2, 3])): number[] => list(LENGTHS, rank);
  return {
    of,
    list,
    shape,
    tame: (dimensions = shape()) => ({
      values: list(TAME, tf.util.sizeFromShape([...dimensions])),
      shape: dimensions,
      dtype: "float32",
    }),
    data(dimensions = shape(), dtype = of(["float32", "int32", "bool"] as const)) {
      const pool = { float32: FLOATS, int32: INTEGERS, bool: [0, 1] }[dtype];
      return { values: list(pool, tf.util.sizeFromShape([...dimensions])), shape: dimensions, dtype };
    },
  };
}

export function tensorOf({ values, shape, dtype }: Data): tf.Tensor {
  return tf.tensor([...values], [...shape], dtype);
}

export function textOf(parameter: unknown): string {
  if (typeof parameter === "number" || typeof parameter === "string")
    return Object.is(parameter, -0) ? "-0" : String(parameter);
  if (Array.isArray(parameter)) return `[${parameter.map(textOf).join()}]`;
  const { values, shape, dtype } = parameter as Data;
  return `${dtype}[${shape.join()}]{${values.map(textOf).join()}}`;
}
