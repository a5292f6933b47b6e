import { BackendError, compiled, explain, onnxStatistics, useOnnxBackend, type Explanation } from "@mlan/backend-onnx";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";

beforeAll(async () => {
  // Registers gradients with tfjs-core.
  await import("@tensorflow/tfjs-backend-cpu");
  await import("@tensorflow/tfjs-layers");
  await useOnnxBackend({ optimization: "extended" });
});

/** The sum of softmax(x w), as a user would write it. */
function forward(): { readonly run: () => tf.Tensor; readonly dispose: () => void } {
  const [x, w] = [tf.randomNormal([64, 32]), tf.randomNormal([16, 32])];
  const run = (): tf.Tensor =>
    tf.tidy(() => tf.sum(tf.softmax(tf.matMul(x as tf.Tensor2D, tf.transpose(w) as tf.Tensor2D))));
  return { run, dispose: () => tf.dispose([x, w]) };
}

function traces(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("backend-onnx-"));
}

const sum = (rows: Explanation["nodes"], of: (row: Explanation["nodes"][number]) => number): number =>
  rows.reduce((total, row) => total + of(row), 0);

describe("explain", () => {
  test("shows what ran by recorded operation and ONNX operator, and what ONNX Runtime fused", async () => {
    const { run, dispose } = forward();
    const explanation = await explain(run);
    expect(explanation.operations.map(({ operation }) => operation).toSorted()).toEqual([
      "BatchMatMul",
      "Softmax",
      "Sum",
    ]);
    const types = Object.fromEntries(
      explanation.operatorTypes.map(({ operatorType, written, count }) => [operatorType, [written, count]]),
    );
    expect(types).toEqual({
      Transpose: [1, 0],
      MatMul: [1, 0],
      FusedMatMul: [0, 1],
      Softmax: [1, 1],
      ReduceSum: [1, 1],
    });
    expect(explanation.nodes).toContainEqual(
      expect.objectContaining({
        operation: "BatchMatMul",
        results: "float32[64,16]",
        operatorType: "FusedMatMul",
        provider: "CPUExecutionProvider",
        count: 1,
      }),
    );
    expect(sum(explanation.nodes, ({ share }) => share)).toBeCloseTo(1);
    expect(sum(explanation.nodes, ({ milliseconds }) => milliseconds)).toBeCloseTo(explanation.steady.kernels);
    dispose();
  });

  test("keeps the first call apart, which compiles, even what the backend has compiled before", async () => {
    const { run, dispose } = forward();
    run().dataSync();
    const { first, steady, calls } = await explain(run, { calls: 2 });
    expect(calls).toBe(2);
    expect(first).toMatchObject({ compiled: 1, graphs: 1 });
    expect(first.compile).toBeGreaterThan(0);
    expect(steady).toMatchObject({ compiled: 0, graphs: 1, compile: 0 });
    const { milliseconds, kernels, betweenKernels, outside } = steady;
    expect(kernels + betweenKernels + outside).toBeCloseTo(milliseconds);
    dispose();
  });

  test("leaves the compiled graphs, tensors, and temporary folder as they were", async () => {
    const { run, dispose } = forward();
    run().dataSync();
    const before = { ...onnxStatistics(), ...tf.memory(), traces: traces() };
    await explain(run);
    expect({ ...onnxStatistics(), ...tf.memory(), traces: traces() }).toEqual(before);
    run().dataSync();
    expect(onnxStatistics()).toMatchObject({ compiled: before.compiled, runs: before.runs + 1 });
    dispose();
  });

  test("explains a whole training step with its reads and ApplyAdamW, which trains", async () => {
    const inputs = tf.randomNormal([64, 8]);
    const weights = [0, 1, 2].map((index) => tf.variable(index === 0 ? tf.randomNormal([8, 1]) : tf.zeros([8, 1])));
    const [parameter, firstMoment, secondMoment] = weights as [tf.Variable, tf.Variable, tf.Variable];
    let step = 0;
    const losses: number[] = [];
    const explanation = await explain(async () => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.square(tf.matMul(inputs as tf.Tensor2D, parameter as tf.Tensor2D))) as tf.Scalar,
        [parameter],
      );
      losses.push((await value.data())[0]!);
      tf.engine().runKernel(
        "ApplyAdamW",
        {
          parameters: [parameter],
          gradients: [grads[parameter.name]!],
          firstMoments: [firstMoment],
          secondMoments: [secondMoment],
        } as never,
        { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecays: [0], step: ++step } as never,
      );
    });
    expect(losses).toHaveLength(4);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(explanation.nodes).toContainEqual(
      expect.objectContaining({ operation: "ApplyAdamW", provider: "WebAssembly", count: 1 }),
    );
    expect(explanation.steady.graphs).toBeGreaterThanOrEqual(1);
    tf.dispose([inputs, ...weights]);
  });

  test("sees into a compiled function, whose plans stay", async () => {
    const { run, dispose } = forward();
    const plan = compiled(run);
    plan().dispose();
    const { operations } = await explain(() => plan());
    expect(operations.map(({ operation }) => operation)).toContain("Softmax");
    expect(plan.signatures).toBe(1);
    const { compiled: graphs } = onnxStatistics();
    plan().dispose();
    expect(onnxStatistics().compiled).toBe(graphs);
    plan.dispose();
    dispose();
  });

  test("prints aligned tables", async () => {
    const { run, dispose } = forward();
    const text = String(await explain(run));
    expect(text).toMatch(/^\d+\.\d{3} ms per call \(mean of 3 after the first\) in 1 graph\n/);
    expect(text).toMatch(/first call: [\d.]+ ms, [\d.]+ ms of it to compile 1 graph\n/);
    expect(text).toMatch(/rewrote \(nodes written -> run\):.*MatMul 1 -> 0/);
    expect(text).toMatch(/^recorded operation {2}result +ONNX operator {2}where +nodes +ms +share$/m);
    const [, byOperation = ""] = text.split("\n\n");
    expect(new Set(byOperation.split("\n").map((line) => line.length)).size).toBe(1);
    dispose();
  });

  test("an error of the function comes through, and the backend computes on as before", async () => {
    const before = { ...tf.memory(), traces: traces() };
    const failing = explain(() => {
      tf.add(1, 2).dataSync();
      throw new Error("of the function");
    });
    await expect(failing).rejects.toThrow("of the function");
    expect({ ...tf.memory(), traces: traces() }).toEqual(before);
    const { runs } = onnxStatistics();
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
    expect(onnxStatistics().runs).toBe(runs + 1);
  });

  test("throws the error of an operation that cannot be computed", async () => {
    const table = tf.zeros([2, 2]);
    // The index is unknown before it is computed.
    const failing = explain(() => tf.gather(table, tf.add(tf.tensor1d([4], "int32"), tf.scalar(1, "int32"))));
    await expect(failing).rejects.toThrow(/GatherV2.*cannot be computed/);
    table.dispose();
  });

  test("refuses a second one at the same time, a different backend, and invalid options", async () => {
    const { run, dispose } = forward();
    const first = explain(run);
    await expect(explain(run)).rejects.toThrow(/not finished/);
    await first;
    let inside: Promise<unknown> | undefined;
    const compiledRun = compiled((x: tf.Tensor) => {
      inside = explain(run).catch((error: unknown) => error);
      return tf.neg(x);
    });
    tf.dispose(compiledRun(tf.scalar(1)));
    compiledRun.dispose();
    expect(String(await inside)).toMatch(/BackendError.*inside a compiled function/);
    await expect(explain(run, { calls: 0 })).rejects.toThrow(/calls: 0/);
    await tf.setBackend("cpu");
    const error: unknown = await explain(run).catch((caught: unknown) => caught);
    expect(BackendError.is(error, "unsupported")).toBe(true);
    expect(String(error)).toMatch(/"cpu" is current/);
    await useOnnxBackend();
    dispose();
  });
});
