import { readFileSync } from "node:fs";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { quantize, quantizedMatrix } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import koffi from "koffi";
import { expect, test, vi } from "vitest";
import { inHugePages } from "#internal/memory/huge-pages.ts";

/** Bytes of the process's memory in huge pages. */
function hugeBytes(): number {
  return 1024 * Number(/^AnonHugePages: +(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1]);
}

/** Whether the system makes huge pages now: Linux from 6.1 on, unless memory is fragmented. */
function makesHugePages(): boolean {
  if (process.platform !== "linux") return false;
  const memory = koffi.alloc("uint8_t", 2 ** 23);
  const start = koffi.address(memory);
  new Uint8Array(koffi.view(start, 2 ** 23)).fill(1);
  const madvise = koffi.load("libc.so.6").func("int madvise(void*, size_t, int)");
  const collapsed = madvise(((start >> 21n) + 1n) << 21n, 2 ** 21, 25) === 0;
  koffi.free(memory);
  return collapsed;
}

test("the result of the allocation is returned on every system", () => {
  expect(inHugePages(() => new Float32Array(2 ** 21).fill(1).length)).toBe(2 ** 21);
  expect(() =>
    inHugePages(() => {
      throw new Error("nothing is left");
    }),
  ).toThrow("nothing is left");
});

test.runIf(makesHugePages())("a large packed matrix moves into huge pages, with the same products", async () => {
  await useOnnxBackend();
  const [rows, columns] = [4096, 4096];
  const quantized = quantize(new Float32Array(rows * columns).fill(0.5), [rows, columns], { bits: 8 });
  const before = hugeBytes();
  const matrix = quantizedMatrix(quantized);
  const input = tf.ones<tf.Rank.R2>([1, columns]);
  const product = (): Float32Array => tf.tidy(() => matrix.multiply(input).dataSync<"float32">());
  const early = product();
  // Of 17 MB, all but the ends.
  await vi.waitFor(() => expect(hugeBytes() - before).toBeGreaterThan(8e6), { timeout: 60_000, interval: 50 });
  expect(product()).toEqual(early);
  matrix.dispose();
  input.dispose();
});
