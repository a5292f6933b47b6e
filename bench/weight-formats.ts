/**
 * Opening a checkpoint of bfloat16 values, and answering with it, in each `weightFormat` and with transformers in float32
 * and bfloat16: time until it is open, time of a prompt, time per token, and the peak of the process's memory. Writes 2.2
 * GB (13.5 GB with `--size 7b`) below .cache/bench and removes them.
 * `node tools/setup/run.mjs source bench/weight-formats.ts [--size 1b] [--formats float32,stored,int8,int4] [--rounds 2]`
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { LineProcess } from "./line-process.ts";
import { Measurement } from "./measurement.ts";
import { writeShardedLlama } from "./open/sharded-checkpoint.ts";
import { startPython, startSource } from "./start-workers.ts";

/** A request, which each side answers once in a new process. */
export interface FormatRequest {
  /** Without a trailing slash. */
  readonly folder: string;
  readonly threads: number;
  /** Repetitions of a two-token word in the prompt; the peer's prompt is twice as many repetitions of one token. */
  readonly words: number;
  readonly newTokens: number;
}

export interface FormatResult {
  readonly openSeconds: number;
  readonly promptLength: number;
  /** Time to read a new prompt, after a first short one. */
  readonly promptSeconds: number;
  readonly secondsPerToken: number;
  /** Peak bytes of the process, including pages of mapped files. */
  readonly peak: number;
}

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "1b" },
    formats: { type: "string", default: "float32,stored,int8,int4" },
    peers: { type: "string", default: "float32,bfloat16" },
    rounds: { type: "string", default: "2" },
    threads: { type: "string", default: "2" },
    words: { type: "string", default: "380" },
    tokens: { type: "string", default: "16" },
  },
});
const SIZES = {
  "1b": { layers: 22, hiddenSize: 2048, intermediateSize: 5632, heads: 32, keyValueHeads: 4, vocabularySize: 32_000 },
  "7b": {
    layers: 32,
    hiddenSize: 4096,
    intermediateSize: 11_008,
    heads: 32,
    keyValueHeads: 32,
    vocabularySize: 32_000,
  },
};
const size = SIZES[options.size as keyof typeof SIZES];
if (size === undefined) throw new Error(`--size ${options.size} is not one of ${Object.keys(SIZES).join(", ")}`);

const folder = new URL("../.cache/bench/weight-formats/", import.meta.url);
try {
  const count = await writeShardedLlama(folder, size);
  console.log(`${(count / 1e9).toFixed(2)} billion values, ${((2 * count) / 1e9).toFixed(2)} GB in bfloat16`);
  const ours = options.formats.split(",").map((format) => ({
    name: `mlan, ${format}`,
    start: () => startSource(`mlan, ${format}`, "peers/mlan-formats.ts", [format]),
  }));
  const peers = options.peers.split(",").map((dtype) => ({
    name: `transformers, ${dtype}`,
    start: () => startPython(`transformers, ${dtype}`, "peers/torch_formats.py", ["torch", "transformers"], [dtype]),
  }));
  const sides = [...ours, ...(options.peers === "" ? [] : peers)];
  const found = new Map<string, Side>();
  for (let round = 0; round < Number(options.rounds); round++)
    for (const { name, start } of sides) {
      const side = start();
      if (!side) continue;
      const { openSeconds, promptSeconds, secondsPerToken, peak } = await measure(
        side,
        found.get(name) ?? newSide(found, name),
      );
      const seconds = [openSeconds, promptSeconds, secondsPerToken].map((value) => value.toFixed(2)).join(", ");
      // A size of 7 billion takes an hour, so each result is printed at once.
      console.log(`${name}, start ${round + 1}: open, prompt, token ${seconds} s; peak ${(peak / 1e9).toFixed(2)} GB`);
    }
  for (const [name, { open, prompt, token, result }] of found)
    console.log(
      `${name.padEnd(22)} first start ${open.first} ms, later ${open.rest}; ${result?.promptLength} positions ${prompt.rest}; ` +
        `token ${token.rest}; peak ${((result?.peak ?? 0) / 1e9).toFixed(2)} GB`,
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Times of one side. The first start is separate: it loads files into the page cache and writes quantised weights. */
interface Times {
  first: string;
  readonly rest: Measurement;
}

function newTimes(): Times {
  return { first: "", rest: new Measurement() };
}

function add(times: Times, seconds: number): void {
  if (times.first === "") times.first = (1000 * seconds).toFixed(0);
  else times.rest.add(1000 * seconds);
}

interface Side {
  readonly open: Times;
  readonly prompt: Times;
  readonly token: Times;
  result: FormatResult | undefined;
}

function newSide(found: Map<string, Side>, name: string): Side {
  const side: Side = { open: newTimes(), prompt: newTimes(), token: newTimes(), result: undefined };
  found.set(name, side);
  return side;
}

async function measure(side: LineProcess, into: Side): Promise<FormatResult> {
  const request: FormatRequest = {
    folder: fileURLToPath(folder).replace(/\/$/, ""),
    threads: Number(options.threads),
    words: Number(options.words),
    newTokens: Number(options.tokens),
  };
  const result = await side.ask<FormatResult>(request);
  side.stop();
  add(into.open, result.openSeconds);
  add(into.prompt, result.promptSeconds);
  add(into.token, result.secondsPerToken);
  // Later starts do not quantise.
  into.result = result;
  return result;
}
