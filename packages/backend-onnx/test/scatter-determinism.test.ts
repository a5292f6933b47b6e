import "@tensorflow/tfjs-layers";
import { useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";

beforeAll(() => useOnnxBackend({ threads: 2 }));

const [COUNT, WIDTH, ROWS] = [2400, 128, 966];
/** All updates go to seven rows, so that threads would update the same rows. */
const crowded = Int32Array.from({ length: COUNT }, (_, index) => index % 7);

it.each([
  ["unsortedSegmentSum", () => tf.unsortedSegmentSum(tf.ones([COUNT, WIDTH]), tf.tensor1d(crowded, "int32"), ROWS)],
  ["scatterND", () => tf.scatterND(tf.tensor2d(crowded, [COUNT, 1], "int32"), tf.ones([COUNT, WIDTH]), [ROWS, WIDTH])],
])("%s loses no update where many meet in one row", async (_, add) => {
  for (let run = 0; run < 20; run++) {
    const total = tf.tidy(() => tf.sum(add()));
    expect((await total.data())[0]).toBe(COUNT * WIDTH);
    total.dispose();
  }
});

it("scatterND refuses a coordinate that is outside although its row would exist", async () => {
  const wrong = tf.scatterND(
    tf.mul(tf.tensor2d([[0, 5]], [1, 2], "int32"), tf.scalar(1, "int32")),
    tf.tensor1d([1]),
    [4, 4],
  );
  await expect(wrong.data()).rejects.toThrow("ScatterNd");
  wrong.dispose();
});
