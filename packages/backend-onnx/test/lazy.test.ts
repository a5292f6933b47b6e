import { BackendError, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";

beforeAll(() => useOnnxBackend({ pendingNodes: 200 }));

/** Returns the number of graphs that `run` compiled and ran. */
function counting(run: () => void): { readonly compiled: number; readonly runs: number } {
  const before = onnxStatistics();
  run();
  const after = onnxStatistics();
  return { compiled: after.compiled - before.compiled, runs: after.runs - before.runs };
}

test("zeros keep their sign, although positive ones take no memory", () => {
  const signs = (values: number[]): number[] => [...tf.tensor1d(values).dataSync()].map((value) => 1 / value);
  expect(signs([0, -0])).toEqual([Infinity, -Infinity]);
  expect(signs([0, 0])).toEqual([Infinity, Infinity]);
});

describe("recording", () => {
  test("computes nothing until something is read, and then everything that is held", () => {
    const x = tf.tensor1d([1, 2, 3]);
    let sum: tf.Tensor | undefined;
    let product: tf.Tensor | undefined;
    expect(
      counting(() => {
        sum = tf.add(x, 1);
        product = tf.mul(x, 2);
      }),
    ).toEqual({ compiled: 0, runs: 0 });
    expect(
      counting(() => {
        expect(Array.from(sum!.dataSync())).toEqual([2, 3, 4]);
        expect(Array.from(product!.dataSync())).toEqual([2, 4, 6]);
      }),
    ).toMatchObject({ runs: 1 });
  });

  test("compiles a program once, whatever the numbers in it", () => {
    const run = (values: number[], factor: number) =>
      tf.tidy(() => Array.from(tf.mul(tf.tensor1d(values), factor).dataSync()));
    run([1, 2], 3);
    expect(counting(() => expect(run([5, 6], 7)).toEqual([35, 42]))).toEqual({ compiled: 0, runs: 1 });
    expect(counting(() => run([5, 6, 7], 7))).toEqual({ compiled: 1, runs: 1 });
  });

  test("numbers that JSON does not distinguish stay distinct", () => {
    const x = tf.tensor1d([5]);
    const padded = [Number.NaN, Infinity, -Infinity, 0].map((value) => tf.pad(x, [[0, 1]], value).dataSync()[1]);
    expect(padded).toEqual([Number.NaN, Infinity, -Infinity, 0]);
  });

  test("never runs operations whose results have no owner", () => {
    const x = tf.tensor1d([1, 2]);
    const counts = counting(() => {
      tf.tidy(() => {
        tf.exp(tf.mul(x, 2));
      });
      expect(Array.from(x.dataSync())).toEqual([1, 2]);
    });
    expect(counts).toEqual({ compiled: 0, runs: 0 });
  });

  test("results outlive the tensors they were made from", () => {
    const result = tf.tidy(() => tf.add(tf.mul(tf.tensor1d([1, 2]), 3), 1));
    expect(Array.from(result.dataSync())).toEqual([4, 7]);
  });

  test("a long chain needs no deep stack", () => {
    const result = tf.tidy(() => {
      let x: tf.Tensor = tf.scalar(0);
      for (let index = 0; index < 5000; index++) x = tf.add(x, 1);
      return x;
    });
    expect(result.dataSync()[0]).toBe(5000);
  });

  test("computes on its own when many operations are pending", () => {
    const kept: tf.Tensor[] = [];
    const counts = counting(() => {
      for (let index = 0; index < 450; index++) kept.push(tf.add(index, 1));
    });
    expect(counts.runs).toBe(2);
    expect(kept.map((tensor) => tensor.dataSync()[0])).toEqual(kept.map((_, index) => index + 1));
  });
});

describe("tensors", () => {
  test("share no memory with the arrays they are made from or read into", async () => {
    const array = Float32Array.of(1, 2, 3);
    const x = tf.tensor1d(array);
    const y = tf.add(x, 0);
    array.fill(9);
    expect(Array.from(y.dataSync())).toEqual([1, 2, 3]);
    const read = x.dataSync();
    read.fill(7);
    expect(Array.from(x.dataSync())).toEqual([1, 2, 3]);
    const kept = await y.data();
    y.dispose();
    tf.add(tf.ones([1000]), 1).dataSync();
    expect(Array.from(kept)).toEqual([1, 2, 3]);
  });

  test("come back with their dtype, booleans as bytes", async () => {
    expect(await tf.tensor1d([1.5]).data()).toEqual(Float32Array.of(1.5));
    expect(await tf.tensor1d([7], "int32").data()).toEqual(Int32Array.of(7));
    expect(await tf.tensor1d([true, false], "bool").data()).toEqual(Uint8Array.of(1, 0));
  });

  test("may be empty or scalar", () => {
    expect(tf.tensor2d([], [0, 3]).dataSync()).toHaveLength(0);
    expect(tf.reshape(tf.tensor2d([], [0, 3]), [3, 0]).dataSync()).toHaveLength(0);
    expect(tf.reshape(tf.tensor1d([5]), []).dataSync()[0]).toBe(5);
  });

  test("clones and reshapes live on their own", () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const clone = tf.clone(x);
    const row = tf.reshape(x, [4]);
    x.dispose();
    expect(Array.from(tf.mul(row, 2).dataSync())).toEqual([2, 4, 6, 8]);
    clone.dispose();
    expect(Array.from(row.dataSync())).toEqual([1, 2, 3, 4]);
  });

  test("variables take new values", () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    for (let step = 0; step < 3; step++) variable.assign(tf.tidy(() => tf.mul(variable, 2)));
    expect(Array.from(variable.dataSync())).toEqual([8, 16]);
  });

  test("a disposed tensor is refused by name", () => {
    const { dataId, shape, dtype } = tf.tensor1d([1]);
    tf.engine().backend.disposeData(dataId, true);
    tf.dispose(tf.engine().makeTensorFromTensorInfo({ dataId: {}, shape, dtype }));
    const gone = tf.tensor1d([1]);
    gone.dispose();
    expect(() => gone.dataSync()).toThrow(/disposed/);
    expect(() => tf.add(gone, 1)).toThrow(/backend-onnx: a tensor was used after it was disposed/);
  });
});

describe("failure", () => {
  test("names the operation and ONNX Runtime's reason, spares what does not depend on it, and passes", () => {
    const table = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const failing = tf.gather(table, tf.mul(tf.tensor1d([0, 5], "int32"), tf.scalar(1, "int32")));
    const dependent = tf.add(failing, 1);
    const independent = tf.add(table, 1);
    const error = thrown(() => dependent.dataSync());
    expect(BackendError.is(error, "runtime")).toBe(true);
    expect(String(error)).toMatch(/GatherV2.*\[2,2\].*cannot be computed\..*indices element out of data bounds/s);
    expect(thrown(() => failing.dataSync())).toBe(error);
    expect(thrown(() => tf.add(dependent, 1))).toBe(error);
    expect(Array.from(independent.dataSync())).toEqual([2, 3, 4, 5]);
    tf.dispose([failing, dependent]);
    expect(Array.from(tf.gather(table, tf.tensor1d([1], "int32")).dataSync())).toEqual([3, 4]);
  });

  test("a result larger than any memory is an error, not a crash", () => {
    const small = tf.add(1, 2);
    expect(small.dataSync()[0]).toBe(3);
    const error = thrown(() => tf.broadcastTo(tf.scalar(0.5), [1_000_000, 1_000_000]));
    expect(String(error)).toMatch(/the shape \[1000000,1000000\] with 1000000000000 elements/);
    expect(BackendError.is(error, "unsupported")).toBe(true);
  });

  test("the error for an unknown kernel has its name and the remedy", () => {
    const error = thrown(() => tf.image.nonMaxSuppression(tf.zeros([1, 4]), tf.zeros([1]), 1));
    expect(BackendError.is(error, "unsupported")).toBe(true);
    expect(String(error)).toMatch(/NonMaxSuppression.*setBackend\("cpu"\)/s);
  });

  test("strings and complex numbers are refused", () => {
    expect(() => tf.tensor1d(["text"])).toThrow(/dtype string/);
    expect(() => tf.complex([1], [1])).toThrow(/backend-onnx/);
  });

  test("options with typos or invalid values are refused", async () => {
    await expect(useOnnxBackend({ treads: 2 } as object)).rejects.toThrow(/no option treads/);
    await expect(useOnnxBackend({ threads: 0 })).rejects.toThrow(/threads: 0/);
    await expect(useOnnxBackend({ threads: 250 })).rejects.toThrow(/threads: 250 comes too late/);
    for (const threads of [1000, Number.NaN, 1.5, -1, "2" as unknown as number]) {
      await expect(useOnnxBackend({ threads })).rejects.toThrow(/threads: .* is not a whole number from 1 to 256/);
    }
    await expect(useOnnxBackend(null as unknown as object)).rejects.toThrow(/the options must be an object, not null/);
    await expect(useOnnxBackend({ optimization: "most" as "all" })).rejects.toThrow(/optimization: most/);
  });
});

function thrown(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
