import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compiled, mappedTensor, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => useOnnxBackend());

const WIDTH = 4;
const put = (all: tf.Tensor, row: tf.Tensor, values: tf.Tensor): tf.Tensor =>
  tf.tensorScatterUpdate(all, tf.reshape(row, [1, 1]), tf.reshape(values, [1, WIDTH]));

/** Where a tensor's values are: writing there is seen by whoever reads them. */
const memoryOf = (tensor: tf.Tensor): number => {
  const { storage } = (tf.backend() as unknown as { data: Data }).data.value(tensor.dataId);
  return Number(storage?.view().byteOffset) + Number(storage?.handle);
};
interface Data {
  value(dataId: object): { readonly storage: { readonly handle: bigint; view(): Float32Array } | undefined };
}

function rows(): tf.Tensor2D {
  return tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [2, WIDTH]);
}

test("a chain of updates stays in the memory of the first, with the values of the plain function", async () => {
  const update = compiled(put, { donated: (all) => [all] });
  const expected = [1, 2, 3, 4, 5, 6, 7, 8];
  let all: tf.Tensor = rows();
  const places = new Set<number>();
  for (const [step, at] of [1, 0, 1, 1, 0].entries()) {
    const row = tf.scalar(at, "int32");
    const values = tf.tensor1d(Array.from({ length: WIDTH }, () => 10 * step));
    all = update(all, row, values);
    await all.data();
    expected.fill(10 * step, at * WIDTH, (at + 1) * WIDTH);
    places.add(memoryOf(all));
    tf.dispose([row, values]);
  }
  expect([...(await all.data())]).toEqual(expected);
  // The first call records, and copies.
  expect(places.size).toBe(1);
  update.dispose();
  all.dispose();
});

type Update = (all: tf.Tensor, other: tf.Tensor, row: tf.Tensor, values: tf.Tensor) => readonly tf.Tensor[];
const shared: Record<string, Update> = {
  "is read besides": (all, _, row, values) => [put(all, row, values), tf.sum(all)],
  "is returned besides": (all, _, row, values) => [put(all, row, values), all],
  "is updated twice": (all, _, row, values) => [
    put(all, row, values),
    put(all, tf.sub(tf.scalar(1, "int32"), row), values),
  ],
  "is what the update is computed of": (all, _, row, values) => [put(all, row, tf.add(values, tf.sum(all)))],
  "is another argument too": (all, other, row, values) => [put(all, row, values), tf.sum(other)],
};

test.each(Object.entries(shared))("nothing is overwritten where the argument %s", async (title, fn) => {
  const update = compiled(fn, { donated: (all) => [all] });
  for (let call = 0; call < 3; call++) {
    const [all, row, values] = [rows(), tf.scalar(1, "int32"), tf.tensor1d([-1, -2, -3, -4])];
    const other = title.startsWith("is another") ? tf.clone(all) : tf.scalar(0);
    const expected = await read(fn(tf.clone(all), other, row, values));
    expect(await read(update(all, other, row, values))).toEqual(expected);
    tf.dispose([row, values, other]);
  }
  update.dispose();
});

test("nothing is written into a file", async () => {
  const file = join(tmpdir(), `mlan-donated-${process.pid}`);
  const bytes = Buffer.from(Float32Array.from({ length: 2 * WIDTH }, (_, index) => index).buffer);
  await writeFile(file, bytes);
  const update = compiled(put, { donated: (all) => [all] });
  for (let call = 0; call < 2; call++) {
    const all = mappedTensor({ file, byteOffset: 0, shape: [2, WIDTH] });
    const [row, values] = [tf.scalar(0, "int32"), tf.tensor1d([9, 9, 9, 9])];
    const [result] = await read([update(all, row, values)]);
    expect(result).toEqual([9, 9, 9, 9, 4, 5, 6, 7]);
    tf.dispose([row, values]);
  }
  const again = mappedTensor({ file, byteOffset: 0, shape: [2, WIDTH] });
  expect([...(await again.data())]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  again.dispose();
  update.dispose();
});

async function read(tensors: readonly tf.Tensor[]): Promise<number[][]> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose([...tensors]);
  return values.map((one) => [...one]);
}
