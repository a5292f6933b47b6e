import { onnx } from "@mlan/backend-onnx";
import { type Compute, COMPUTE, createScope, MlanError } from "@mlan/core";
import { describeComputeContract } from "@mlan/testing";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

const computeOf = (options?: Parameters<typeof onnx>[0]): Compute => createScope([onnx(options)]).get(COMPUTE);

describe("onnx(), before anything is computed,", () => {
  it("loads and registers nothing when it is made", () => {
    const compute = computeOf();
    expect([compute.name, tf.engine().findBackendFactory("onnx")]).toEqual(["onnx", null]);
  });

  it("names what is missing if a provider does not start, with the command that installs it", async () => {
    const opening = computeOf({ provider: "cuda" }).open();
    await expect(opening).rejects.toSatisfy((error) => MlanError.is(error, "unavailable"));
    await expect(opening).rejects.toThrow(/backend-onnx: provider "cuda" needs .*npm rebuild onnxruntime-node/s);
  });
});

describe("onnx()", () => {
  beforeAll(() => computeOf({ threads: 2 }).open());

  describeComputeContract(computeOf({ threads: 2 }));

  it("records what it compiles", () => {
    let calls = 0;
    const compiled = computeOf().compile((x: tf.Tensor) => {
      calls++;
      return tf.mul(x, 2);
    });
    const x = tf.tensor1d([1]);
    for (let count = 0; count < 3; count++) compiled(x).dispose();
    expect([calls, compiled.signatures]).toEqual([1, 1]);
    compiled.dispose();
    x.dispose();
  });

  it("records the options that affect the last bits, and no others", () => {
    const options = { provider: "cpu", threads: 3, optimization: "all" } as const;
    expect(onnx({ ...options, sessions: 5, sessionBytes: 1e9, pendingNodes: 100 }).settings).toEqual(options);
    expect(onnx()).toMatchObject({ name: "@mlan/backend-onnx", settings: {} });
  });

  it.each([
    ["an unknown option", { thread: 2 }, "backend-onnx: there is no option thread"],
    ["no whole number of threads", { threads: 1.5 }, "backend-onnx: threads: 1.5 is not a whole number from 1 to 256"],
    ["an unknown provider", { provider: "gpu" }, "backend-onnx: provider: gpu is not one of cpu, webgpu, cuda"],
  ])("refuses %s", (_, options: object, message) => {
    expect(() => onnx(options)).toThrow(expect.toSatisfy((error) => MlanError.is(error, "invalid-options")));
    expect(() => onnx(options)).toThrow(message);
  });

  it.each([
    ["threads", { threads: 1 }, "threads: 1 comes too late"],
    ["a provider", { provider: "webgpu" }, 'provider: "webgpu" comes too late'],
    ["an optimization", { optimization: "none" }, 'optimization: "none" comes too late'],
  ] as const)("does not compute with other %s than it is asked for", async (_, options, message) => {
    const opening = computeOf(options).open();
    await expect(opening).rejects.toSatisfy((error) => MlanError.is(error, "invalid-options"));
    await expect(opening).rejects.toThrow(message);
  });
});
