import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OnnxBackend } from "#internal/onnx-backend.ts";
import { compiled, mappedTensor, useOnnxBackend } from "@mlan/backend-onnx";
import { applySgd } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";

await useOnnxBackend();

const WIDTH = 4;
const put = (all: tf.Tensor, row: tf.Tensor, values: tf.Tensor): tf.Tensor =>
  tf.tensorScatterUpdate(all, tf.reshape(row, [1, 1]), tf.reshape(values, [1, WIDTH]));

/** ONNX Runtime's address of a tensor's values. It is equal for two tensors only if one uses the other's memory. */
const memoryOf = (tensor: tf.Tensor): bigint | undefined =>
  (tf.backend() as OnnxBackend).data.value(tensor.dataId).storage?.handle;

function rows(): tf.Tensor2D {
  return tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [2, WIDTH]);
}

test("a chain of updates stays in the memory of the first, with the values of the plain function", async () => {
  const update = compiled(put, { donated: (all) => [all] });
  const expected = [1, 2, 3, 4, 5, 6, 7, 8];
  let all: tf.Tensor = rows();
  const places = new Set<bigint | undefined>();
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

/** Returns the values of all results and disposes of the results. */
type Update = (all: tf.Tensor, other: tf.Tensor, row: tf.Tensor, values: tf.Tensor) => readonly tf.Tensor[];
const captured = tf.tidy(() => tf.variable(rows()));
const shared: Record<string, { readonly fn: Update; readonly other?: (all: tf.Tensor) => tf.Tensor }> = {
  "is read besides": { fn: (all, _, row, values) => [put(all, row, values), tf.sum(all)] },
  "is returned besides": { fn: (all, _, row, values) => [put(all, row, values), tf.clone(all)] },
  "is updated twice": {
    fn: (all, _, row, values) => [put(all, row, values), put(all, tf.sub(tf.scalar(1, "int32"), row), values)],
  },
  "is what the update is computed of": {
    fn: (all, _, row, values) => [put(all, row, tf.add(values, tf.sum(all)))],
  },
  "is another argument too": {
    // The sum is read after the update, so that an overwritten argument would change it.
    fn: (all, other, row, values) => {
      const updated = put(all, row, values);
      return [updated, tf.sum(tf.mul(other, tf.sign(tf.abs(tf.sum(updated)))))];
    },
    other: (all) => all,
  },
  "shares its data with another argument": {
    fn: (all, other, row, values) => [put(all, row, values), tf.mul(other, 1)],
    other: (all) => tf.clone(all),
  },
};

test.each(Object.entries(shared))("nothing is overwritten where the argument %s", async (_, { fn, other }) => {
  const update = compiled(fn, { donated: (all) => [all] });
  for (let call = 0; call < 3; call++) {
    const [row, values] = [tf.scalar(1, "int32"), tf.tensor1d([-1, -2, -3, -4])];
    const given = rows();
    const expected = await read(tf.tidy(() => [...fn(given, other?.(given) ?? row, row, values)]));
    given.dispose();
    const all = rows();
    const second = other?.(all) ?? row;
    expect(await read(update(all, second, row, values))).toEqual(expected);
    expect(all.isDisposed).toBe(true);
    tf.dispose([row, values, second]);
  }
  update.dispose();
});

test("a clone and a variable that share the data keep their values", async () => {
  const update = compiled(put, { donated: (all) => [all] });
  const [row, values] = [tf.scalar(1, "int32"), tf.tensor1d([9, 9, 9, 9])];
  for (let call = 0; call < 3; call++) {
    const all = rows();
    const variable = tf.variable(all);
    const clone = call === 0 ? tf.clone(all) : rows();
    expect(await read([update(all, row, values), clone, variable])).toEqual([
      [1, 2, 3, 4, 9, 9, 9, 9],
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ]);
  }
  update.dispose();
  tf.dispose([row, values]);
});

test("two donated arguments that are one tensor keep their values apart", async () => {
  const update = compiled(
    (one: tf.Tensor, other: tf.Tensor, row: tf.Tensor, values: tf.Tensor) => [
      put(one, row, values),
      put(other, row, tf.neg(values)),
    ],
    { donated: (one, other) => [one, other] },
  );
  const [row, values] = [tf.scalar(0, "int32"), tf.tensor1d([9, 9, 9, 9])];
  for (let call = 0; call < 2; call++) {
    const both = rows();
    expect(await read(update(both, both, row, values))).toEqual([
      [9, 9, 9, 9, 5, 6, 7, 8],
      [-9, -9, -9, -9, 5, 6, 7, 8],
    ]);
  }
  update.dispose();
  tf.dispose([row, values]);
});

test("a variable that the function reads besides is not overwritten", async () => {
  const fn = (all: tf.Tensor, row: tf.Tensor, values: tf.Tensor): tf.Tensor[] => {
    const updated = put(all, row, values);
    return [updated, tf.sum(tf.mul(captured, tf.sign(tf.abs(tf.sum(updated)))))];
  };
  const update = compiled(fn, { donated: (all) => [all] });
  const [row, values] = [tf.scalar(1, "int32"), tf.tensor1d([9, 9, 9, 9])];
  for (let call = 0; call < 2; call++) tf.dispose(update(rows(), row, values));
  expect(await read(update(captured, row, values))).toEqual([[1, 2, 3, 4, 9, 9, 9, 9], [36]]);
  update.dispose();
  tf.dispose([row, values]);
});

test("data that was made in another shape is copied", async () => {
  const update = compiled(put, { donated: (all) => [all] });
  const [row, values] = [tf.scalar(1, "int32"), tf.tensor1d([9, 9, 9, 9])];
  for (const flat of [false, true, false, true]) {
    const all = flat ? tf.tidy(() => tf.reshape(tf.tensor1d([1, 2, 3, 4, 5, 6, 7, 8]), [2, WIDTH])) : rows();
    expect(await read([update(all, row, values)])).toEqual([[1, 2, 3, 4, 9, 9, 9, 9]]);
  }
  update.dispose();
  tf.dispose([row, values]);
});

test("what is donated may differ from call to call", async () => {
  let give = true;
  const update = compiled(put, { donated: (all) => (give ? [all] : []) });
  const [row, values] = [tf.scalar(1, "int32"), tf.tensor1d([9, 9, 9, 9])];
  for (give of [true, true, false, true, false]) {
    const all = rows();
    expect(await read([update(all, row, values)])).toEqual([[1, 2, 3, 4, 9, 9, 9, 9]]);
    expect(all.isDisposed).toBe(give);
    if (!give) expect(await read([all])).toEqual([[1, 2, 3, 4, 5, 6, 7, 8]]);
  }
  update.dispose();
  tf.dispose([row, values]);
});

test("an optimizer's gradient that is an updated argument leaves the argument's other readers theirs", async () => {
  const parameter = tf.tidy(() => tf.variable(tf.zeros([2, WIDTH])));
  const step = compiled(
    (all: tf.Tensor, row: tf.Tensor, values: tf.Tensor) => {
      applySgd([{ variable: parameter, weightDecay: 0 }], [put(all, row, values)], { learningRate: tf.scalar(1) });
      return tf.sum(all);
    },
    { donated: (all) => [all] },
  );
  const [row, values] = [tf.scalar(1, "int32"), tf.tensor1d([9, 9, 9, 9])];
  for (let call = 1; call <= 3; call++) {
    expect(await read([step(rows(), row, values)])).toEqual([[36]]);
    expect([...(await parameter.data())]).toEqual([1, 2, 3, 4, 9, 9, 9, 9].map((value) => -call * value));
  }
  step.dispose();
  tf.dispose([row, values, parameter]);
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
