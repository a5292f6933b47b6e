import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

describeWithTensorFlow("the backend tensorflow on Node 23 and later", () => {
  it("computes, differentiates and trains without the functions that were removed from util, and warns of none", async () => {
    const program = fileURLToPath(new URL("without-util-functions.ts", import.meta.url));
    const parameters = ["--import", "tsx", "--conditions=@mlan/source", program];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, parameters);
    expect(stderr).not.toMatch(/DeprecationWarning/);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual({
      version: process.version,
      stillThere: [],
      loss: 8,
      weights: [2, 3, 2, 3],
      absolute: [1.5, 2],
      sliced: [1, 3, 5],
      chosen: [9, 5],
      split: [
        [0, 1],
        [2, 3],
      ],
      convolved: [4, 4, 4, 4],
    });
  });
});
