import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { interner } from "../src/recording/interner.ts";
import { sessionCache } from "../src/sessions/session-cache.ts";
import { nativeBytes } from "./native-bytes.ts";

const LIMIT = 4_000_000;

beforeAll(() => useOnnxBackend({ sessionBytes: LIMIT }));

/** Programs that differ only in `size`. */
const compute = (size: number): void => tf.tidy(() => void tf.add(tf.mul(tf.ones([size]), 2), 1).dataSync());

// bench/many-shapes.ts runs 10,000 shapes.
test("2,000 shapes in a row leave the process no larger than the first hundreds did", () => {
  for (let size = 1; size <= 500; size++) compute(size);
  const before = nativeBytes();
  const { compiled } = onnxStatistics();
  for (let size = 501; size <= 2500; size++) compute(size);
  const after = onnxStatistics();
  expect(after.compiled - compiled).toBe(2000);
  expect(after.sessionBytes).toBeLessThanOrEqual(LIMIT);
  expect(after.cached).toBeLessThan(100);
  // Keeping all sessions would take 130 MB.
  expect(nativeBytes() - before).toBeLessThan(40e6);
});

test("a tensor that grows with every step leaves no former sizes behind", () => {
  let rows: tf.Tensor = tf.ones([1, 3072]);
  const before = nativeBytes();
  for (let step = 0; step < 200; step++) {
    const more = tf.tidy(() => {
      const grown = tf.concat([rows, tf.ones([1, 3072])]);
      tf.sum(tf.mul(grown, 2)).dataSync();
      return grown;
    });
    rows.dispose();
    rows = more;
  }
  // All sizes of the rows and of their product together take 490 MB.
  expect(nativeBytes() - before).toBeLessThan(350e6);
  rows.dispose();
});

test("zeros are not stored in sessions", () => {
  const zeros = (rows: number): void => tf.tidy(() => void tf.zerosLike(tf.broadcastTo(1, [rows, 1000])).dataSync());
  zeros(2500);
  const before = nativeBytes();
  for (let rows = 2501; rows <= 2530; rows++) zeros(rows);
  // As constants of 30 graphs they would take 300 MB.
  expect(nativeBytes() - before).toBeLessThan(150e6);
});

test("bytes bound the cache before its number of sessions does, and the least recently used is evicted first", () => {
  const released: string[] = [];
  const session = (name: string) => ({ name, release: () => void released.push(name) });
  const cache = sessionCache<ReturnType<typeof session>>({ sessions: 10, sessionBytes: 100 });
  const signature = (name: string): Int32Array => Int32Array.from(name, (letter) => letter.charCodeAt(0));
  const add = (name: string, bytes: number): void => cache.add(signature(name), session(name), bytes);
  for (const name of ["a", "b", "c"]) add(name, 30);
  expect(cache.find(signature("a"))?.name).toBe("a");
  add("d", 30);
  expect(released).toEqual(["b"]);
  add("large", 1000);
  expect(released).toEqual(["b", "c", "a", "d"]);
  expect(cache).toMatchObject({ size: 1, bytes: 1000, evicted: 4 });
  add("e", 10);
  expect(released.at(-1)).toBe("large");
  cache.clear();
  expect(cache).toMatchObject({ size: 0, bytes: 0 });
  expect(cache.find(signature("e"))).toBeUndefined();
});

test("an interner is cleared when it has too many characters, and never reuses a number", () => {
  const table = interner({ strings: 100, characters: 6 });
  const numbers = ["abc", "def", "abc", "ghi", "abc", "def"].map((text) => table.number(text));
  expect(numbers).toEqual([0, 1, 0, 2, 3, 4]);
});
