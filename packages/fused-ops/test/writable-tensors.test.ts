import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import { writableTensors } from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

/** Sizes smaller and larger than a page, zero, and more than a megabyte. */
const SHAPES = [[3], [70, 300], [0], [600, 500], []];

describe.each(["cpu", "onnx"])("writableTensors on %s", (backend) => {
  beforeAll(() => (backend === "onnx" ? useOnnxBackend() : tf.setBackend(backend)));

  it("become tensors of the values written, zeros elsewhere", async () => {
    const before = tf.memory().numTensors;
    const tensors = writableTensors(SHAPES).map((writable, index) => {
      if (index % 2 === 0) writable.prepare();
      for (let place = 0; place < writable.values.length - 1; place++) writable.values[place] = place + index / 8;
      return writable.finish();
    });
    for (const [index, tensor] of tensors.entries()) {
      expect([tensor.shape, tensor.dtype]).toEqual([SHAPES[index], "float32"]);
      const values = await tensor.data();
      const expected = Float32Array.from({ length: values.length }, (_, place) => place + index / 8);
      if (expected.length > 0) expected[expected.length - 1] = 0;
      expect(values).toEqual(expected);
      // They work in operations like other tensors of the backend.
      expect((await tf.add(tensor, 1).data())[0]).toEqual(expected.length > 0 ? expected[0]! + 1 : undefined);
    }
    expect(tf.memory().numTensors).toBe(before + 2 * SHAPES.length);
  });

  it("free their memory one by one, written or not", async () => {
    const before = { ...tf.memory(), held: onnxStatistics().leafBytes };
    const writable = writableTensors(SHAPES);
    writable[3]?.values.fill(1);
    const [first, ...others] = writable;
    const kept = first?.finish();
    for (const one of others) {
      one.prepare();
      one.dispose();
    }
    expect(await kept?.data()).toEqual(new Float32Array(3));
    kept?.dispose();
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
    expect(onnxStatistics().leafBytes).toBe(before.held);
  });
});

it("use the backend's own memory: no byte is copied when they are finished", async () => {
  await useOnnxBackend();
  const { leafBytes } = onnxStatistics();
  const [writable] = writableTensors([[1000, 1000]]);
  expect(onnxStatistics().leafBytes - leafBytes).toBe(4e6);
  const tensor = writable?.finish();
  expect(onnxStatistics().leafBytes - leafBytes).toBe(4e6);
  tensor?.dispose();
  expect(onnxStatistics().leafBytes).toBe(leafBytes);
});
