/**
 * Time and memory to open a sharded checkpoint of 1.1 billion bfloat16 values as float32, checking every value: alone, with
 * verification against `checksums.json`, and compared with safetensors for Python with PyTorch, which checks no value. Writes 2.2 GB
 * below .cache/bench and removes them.
 * `node tools/setup/run.mjs source bench/open.ts [--rounds 3] [--layers 22] [--threads 2]`
 */
import { writeChecksums } from "@mlan/core";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { LineProcess } from "./line-process.ts";
import { Measurement } from "./measurement.ts";
import type { Opened, OpenRequest } from "./open/opened.ts";
import { writeShardedLlama } from "./open/sharded-checkpoint.ts";
import { startPython, startSource } from "./start-workers.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    layers: { type: "string", default: "22" },
    threads: { type: "string", default: "2" },
  },
});
const folder = new URL("../.cache/bench/open/", import.meta.url);
try {
  const size = { hiddenSize: 2048, intermediateSize: 5632, heads: 32, keyValueHeads: 4, vocabularySize: 32_000 };
  const count = await writeShardedLlama(folder, { ...size, layers: Number(options.layers) });
  console.log(`${(count / 1e9).toFixed(2)} billion values, ${((4 * count) / 1e9).toFixed(2)} GB as float32`);
  const plain = await measure(() => startSource("mlan", "peers/mlan-open.ts"), count);
  await measure(() => startPython("safetensors", "peers/torch_open.py", ["torch", "safetensors"]), count);
  await writeChecksums(folder);
  const verified = await measure(() => startSource("mlan, verified", "peers/mlan-open.ts"), count);
  if (plain && verified)
    console.log(`Verifying checksums takes ${(verified / plain).toFixed(2)} times the processor time.`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Returns the processor time. Each round is a new process, because memory is faster the second time. The first round
 * fills the page cache.
 */
async function measure(start: () => LineProcess | undefined, count: number): Promise<number | undefined> {
  const [wall, processor] = [new Measurement(), new Measurement()];
  const request: OpenRequest = { folder: fileURLToPath(folder).replace(/\/$/, ""), threads: Number(options.threads) };
  let name = "";
  let last: Opened | undefined;
  for (let round = 0; round <= Number(options.rounds); round++) {
    const side = start();
    if (!side) return undefined;
    ({ name } = side);
    last = await side.ask<Opened>(request);
    side.stop();
    if (round === 0) continue;
    wall.add(1000 * last.seconds);
    processor.add(1000 * last.processorSeconds);
  }
  if (!last) return undefined;
  const times = (bytes: number): string => (bytes / (4 * count)).toFixed(2);
  console.log(
    `${name.padEnd(14)} ${wall}, processor ${processor}; memory ${times(last.resident)} x the float32 size, ` +
      `at most ${times(last.peak)} x; sum ${last.sum}`,
  );
  return processor.median;
}
