import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import { MlanError } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { rewriteTensors, scratchLlava, tinySource, valuesOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => useOnnxBackend());

const held = (): object => ({ ...tf.memory(), leafBytes: onnxStatistics().leafBytes });

it("opens with one copy of each weight, as tensors and not as variables", async () => {
  const before = { bytes: onnxStatistics().leafBytes, variables: Object.keys(tf.engine().registeredVariables).length };
  const model = await tinySource(scratch.backbone, scratch.tower).open();
  const size = model
    .parameters()
    .reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  expect(onnxStatistics().leafBytes - before.bytes).toBe(4 * size);
  expect(Object.keys(tf.engine().registeredVariables)).toHaveLength(before.variables);
  model.dispose();
  expect(onnxStatistics().leafBytes).toBe(before.bytes);
});

it("frees all memory when a tensor in the middle is not finite, naming it and the index", async () => {
  const folder = await scratch.copy(scratch.backbone);
  await rewriteTensors(folder, (all) =>
    all.map((one) =>
      one.name.endsWith("layers.1.mlp.up_proj.weight") ? { ...one, data: () => broken(one.shape) } : one,
    ),
  );
  const before = held();
  const error: unknown = await tinySource(folder)
    .open()
    .catch((thrown: unknown) => thrown);
  expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
  expect(String(error)).toMatch(/"model\.layers\.1\.mlp\.up_proj\.weight" holds Infinity at index 7/);
  expect(held()).toEqual(before);
});

it("frees all memory when it is aborted", async () => {
  const before = held();
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(tinySource(scratch.backbone).open({ signal })).rejects.toBe(reason);
  expect(held()).toEqual(before);
});

it("loads into the variables of components that are being trained", async () => {
  const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 1 });
  const folder = scratch.fresh();
  await model.save(folder);
  const saved = await valuesOf(model);
  const other = await tinySource(scratch.backbone, scratch.tower).open({ seed: 2 });
  const learning = other.learn(["projector"]);
  await other.load(folder);
  for (const { name, variable } of learning.parameters) expect([...(await variable.data())]).toEqual(saved[name]);
  learning.end();
  expect(await valuesOf(other)).toEqual(saved);
  model.dispose();
  other.dispose();
});

function broken(shape: readonly number[]): Float32Array {
  return new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(Infinity, 7, 9);
}
