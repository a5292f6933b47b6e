import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { tensorflow } from "@mlan/backend-tensorflow";
import { type Compute, COMPUTE, createScope, MlanError } from "@mlan/core";
import { describeComputeContract } from "@mlan/testing";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

const computeOf = (options: Parameters<typeof tensorflow>[0]): Compute =>
  createScope([tensorflow(options)]).get(COMPUTE);

describe("tensorflow()", () => {
  it("loads and registers nothing when it is made", () => {
    expect(computeOf({}).name).toBe("tensorflow");
    expect(tf.engine().findBackendFactory("tensorflow")).toBe(null);
  });

  it("records its options, all of which affect the last bits", () => {
    const settings = { device: "cpu", threads: 2, precision: "bfloat16", deterministic: false } as const;
    expect(tensorflow(settings)).toMatchObject({ name: "@mlan/backend-tensorflow", settings });
  });

  const numbers = [0, 257, 1000, -1, 1.5, Number.NaN].map((threads) => ({ threads }));
  it.each([{ devise: "gpu" }, { device: -1 }, { device: "tpu" }, ...numbers])("refuses %o", (options: object) => {
    const [name = ""] = Object.keys(options);
    expect(() => tensorflow(options)).toThrow(expect.toSatisfy((error) => MlanError.is(error, "invalid-options")));
    expect(() => tensorflow(options)).toThrow(new RegExp(`^backend-tensorflow: .*"${name}"`));
  });

  it("names the command that installs TensorFlow if there is none", async () => {
    const program = fileURLToPath(new URL("open-compute.ts", import.meta.url));
    const parameters = ["--import", "tsx", "--conditions=@mlan/source", program];
    const nowhere = fileURLToPath(new URL("nowhere/", import.meta.url));
    const { MLAN_TENSORFLOW_BINDING: _, ...others } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, parameters, {
      env: { ...others, MLAN_CACHE: nowhere },
    });
    expect(stdout).toMatch(/^unavailable backend-tensorflow: .*`npx mlan backend install tensorflow`/);
  });
});

describeWithTensorFlow("tensorflow() on TensorFlow", () => {
  const options = { device: "cpu", threads: 2 } as const;
  describeComputeContract(computeOf(options));

  it.each([
    [{ threads: 1 }, "threads 1 comes too late: TensorFlow was loaded with 2"],
    [{ deterministic: false }, "deterministic false comes too late: TensorFlow was loaded with true"],
    [{ precision: "bfloat16" }, 'precision "bfloat16" comes too late: the backend is in use with "float32"'],
  ] as const)("refuses options that differ from those in use: %o", async (other, message) => {
    await computeOf(options).open();
    const opening = computeOf(other).open();
    await expect(opening).rejects.toSatisfy((error) => MlanError.is(error, "invalid-options"));
    await expect(opening).rejects.toThrow(message);
  });
});
