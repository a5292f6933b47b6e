import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { useOnnxBackend, type Provider } from "@mlan/backend-onnx";
import { registerGradients } from "@mlan/fused-ops";
import { expect, it } from "vitest";

registerGradients();

/** The data of a tensor on any backend. */
export interface Input {
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
}

type Run = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

interface Options {
  /** Whether to compare the gradients for all float inputs too. The result must then be one float tensor. */
  readonly gradients?: boolean;
  /** Allowed difference: absolute, and relative to the expected value. */
  readonly absolute?: number;
  readonly relative?: number;
}

/** Runs the tests of a file on a different provider. */
export function onProvider(name: Provider): void {
  provider = name;
}

/** The backend that is compared with "cpu". */
interface Contender {
  readonly name: string;
  use(): Promise<void>;
}

/** Runs the tests of a file on a backend other than "onnx". */
export function onBackend(other: Contender): void {
  contender = other;
}

let contender: Contender = { name: "onnx", use: () => useOnnxBackend({ provider }) };

/**
 * `BACKEND_ONNX_PROVIDER=webgpu` runs all of these tests on a GPU. KERNELS.md says which results differ there.
 */
let provider = (process.env["BACKEND_ONNX_PROVIDER"] ?? "cpu") as Provider;

/** Returns floats between `low` and `high`, the same at every call. */
export function float(shape: readonly number[], low = -2, high = 2): Input {
  const size = tf.util.sizeFromShape([...shape]);
  const values = Array.from({ length: size }, (_, index) => low + (high - low) * noise(index + 31 * size));
  return { values, shape, dtype: "float32" };
}

export function integers(shape: readonly number[], low = -5, high = 5): Input {
  return { ...float(shape, low, high), values: float(shape, low, high + 1).values.map(Math.floor), dtype: "int32" };
}

export function booleans(shape: readonly number[]): Input {
  return { ...float(shape), values: float(shape).values.map((value) => (value > 0 ? 1 : 0)), dtype: "bool" };
}

/** Returns a vector of given numbers, or with `shape` a tensor. */
export function exactly(
  values: readonly number[],
  shape: readonly number[] = [values.length],
  dtype: Input["dtype"] = "float32",
): Input {
  return { values, shape, dtype };
}

/** Special numbers of floats. */
export const SPECIAL: Input = exactly([
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  1e-8,
  -1e-8,
  88,
  -88,
]);

/**
 * Declares a test that `run` returns the same dtypes, shapes and values (and gradients) on the backend "cpu" and on
 * "onnx", or on the backend of {@link onBackend}.
 */
export function same(name: string, inputs: readonly Input[], run: Run, options: Options = {}): void {
  // oxlint-disable-next-line vitest/valid-title
  it(name, async () => {
    const expected = await resultsOn("cpu", inputs, run, options);
    const found = await resultsOn(contender.name, inputs, run, options);
    expect(found.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
      expected.map(({ dtype, shape }) => ({ dtype, shape })),
    );
    expected.forEach((result, index) => expectClose(found[index]!.values, result.values, options));
  });
}

/** Runs `body`, which reads its results, on one backend. */
export async function on<Result>(backend: string, body: () => Result): Promise<Result> {
  await (backend === contender.name ? contender.use() : tf.setBackend(backend));
  expect(tf.getBackend()).toBe(backend);
  const held = tf.engine().backend.numDataIds();
  tf.engine().startScope();
  try {
    return body();
  } finally {
    tf.engine().endScope();
    expect(tf.engine().backend.numDataIds(), "data that kernels left behind").toBe(held);
  }
}

export function tensorOf({ values, shape, dtype }: Input): tf.Tensor {
  return tf.tensor([...values], [...shape], dtype);
}

export function expectClose(
  found: readonly number[],
  expected: readonly number[],
  { absolute = 1e-6, relative = 1e-5 }: Options = {},
): void {
  const far = expected.flatMap((value, index) => {
    const difference = Math.abs(found[index]! - value);
    const close = Object.is(found[index]! + 0, value + 0) || difference <= absolute + relative * Math.abs(value);
    return close ? [] : [{ index, expected: value, found: found[index]! }];
  });
  expect(far.slice(0, 5)).toEqual([]);
  expect(found.length).toBe(expected.length);
}

interface Read {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function resultsOn(
  backend: string,
  inputs: readonly Input[],
  run: Run,
  { gradients = false }: Options,
): Promise<Read[]> {
  return on(backend, () => {
    const results = [run(...inputs.map(tensorOf))].flat();
    return [...results, ...(gradients ? gradientsOf(inputs, run) : [])].map(read);
  });
}

/** Returns the gradients for the float inputs. The result is weighted unevenly, so that wrong positions are noticed. */
function gradientsOf(inputs: readonly Input[], run: Run): tf.Tensor[] {
  const tensors = inputs.map(tensorOf);
  const floats = tensors.filter(({ dtype }) => dtype === "float32");
  const gradient = tf.grads((...variables: tf.Tensor[]) => {
    const left = [...variables];
    return run(...tensors.map((tensor) => (tensor.dtype === "float32" ? left.shift()! : tensor))) as tf.Tensor;
  });
  const weights = tensorOf(float((run(...tensors) as tf.Tensor).shape, 0.5, 1.5));
  return gradient(floats, weights);
}

function read(tensor: tf.Tensor): Read {
  return { dtype: tensor.dtype, shape: tensor.shape, values: Array.from(tensor.dataSync()) };
}

/** Returns a number between 0 and 1 for each index. */
function noise(index: number): number {
  const wave = Math.sin(index * 12.9898 + 78.233) * 43758.5453;
  return wave - Math.floor(wave);
}
