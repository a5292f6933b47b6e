import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Benchmark, Question } from "@mlan/core";
import { type Miniworld, writeMiniworld } from "@mlan/data-miniworld";

/** Writes a world of benchmarks, with a little tuning data, into a temporary folder. */
export async function benchmarkWorld(): Promise<Miniworld> {
  const folder = await mkdtemp(join(tmpdir(), "miniworld-benchmarks-"));
  return writeMiniworld(pathToFileURL(`${folder}/`), { captions: 20, instructions: 800, seed: 3 });
}

export async function questionsOf<Q extends Question>(benchmark: Benchmark<Q>): Promise<readonly Q[]> {
  const examples = await benchmark.open();
  return Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
}
