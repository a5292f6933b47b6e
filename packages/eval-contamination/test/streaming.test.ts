import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { seededRandom } from "@mlan/core";
import { contamination, type ContaminationProgress } from "@mlan/eval-contamination";
import { memoryBenchmark, memoryDataset } from "@mlan/testing";
import { expect, it } from "vitest";
import { conversation, lazyMixture, passage } from "./synthetic-text.ts";

const random = seededRandom(11);
const questions = Array.from({ length: 200 }, (_, index) => {
  const text = passage(random, 3);
  return { id: String(index), text, target: "x", images: [] };
});

it("reads each of 20,000 conversations once, in order, and keeps none", { timeout: 300_000 }, async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const heap = new Map<number, number>();
  const seen: number[] = [];
  // 4 kB each: 80 MB in all.
  const filler = passage(random, 40);
  const mixture = lazyMixture(20_000, (index) => {
    seen.push(index);
    return conversation(`c${index}`, `${filler} ${index}\n${questions[index % 200]?.text}`, `${index}`.repeat(400));
  });
  const report = await contamination({
    mixture,
    benchmarks: [memoryBenchmark("texts", questions)],
    onProgress: ({ reading, done }) => {
      if (reading !== "mixture" || done % 6000 !== 2000) return;
      collect();
      heap.set(done, process.memoryUsage().heapUsed);
    },
  });
  expect(seen).toEqual(Array.from({ length: 20_000 }, (_, index) => index));
  expect(report.benchmarks[0]?.contaminated).toHaveLength(200);
  const [first = 0, ...later] = heap.values();
  expect(later).toHaveLength(3);
  for (const bytes of later) expect(bytes - first).toBeLessThan(8e6);
});

it("tells its progress in benchmarks and mixture", async () => {
  const progress: ContaminationProgress[] = [];
  await contamination({
    mixture: memoryDataset("talks", [conversation("1", "Hello"), conversation("2", "Hi")]),
    benchmarks: [memoryBenchmark("texts", questions.slice(0, 1))],
    onProgress: (step) => progress.push(step),
  });
  expect(progress).toEqual([
    { reading: "texts", done: 1, total: 1 },
    { reading: "talks", done: 1, total: 2 },
    { reading: "talks", done: 2, total: 2 },
  ]);
});

it("stops when it is aborted", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  let read = 0;
  const mixture = lazyMixture(1000, (index) => {
    read++;
    if (index === 20) stop.abort(reason);
    return conversation(String(index), "Hello");
  });
  const benchmarks = [memoryBenchmark("texts", questions.slice(0, 1))];
  await expect(contamination({ mixture, benchmarks, signal: stop.signal })).rejects.toBe(reason);
  expect(read).toBe(21);
});
