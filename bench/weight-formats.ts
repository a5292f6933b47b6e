/**
 * Opening a checkpoint of bfloat16 values, and answering with it, in each `weightFormat`, with transformers in float32 and
 * bfloat16, and with node-llama-cpp in Q8_0 and Q4_0: time until it is open, time of a prompt, time per token, and the peak
 * of the process's memory. With `--size 7b`, the checkpoint has a vision tower and the first question is about an image. Writes 6 GB (25 GB with `--size 7b`)
 * below .cache/bench and removes them; `--size tiny` only checks that all parts run, and `--layers 6` with `--size 7b` shows in minutes
 * where its memory goes.
 * `npm run bench:weight-formats [-- --size 1b] [--formats float32,stored,int8,int4] [--peers float32,bfloat16,q8_0,q4_0] [--rounds 2]`
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { LineProcess } from "./line-process.ts";
import { type GgufType, writeGguf } from "./formats/gguf.ts";
import { startLlamaCpp } from "./formats/llama-cpp.ts";
import { Measurement } from "./measurement.ts";
import { checkpointSize } from "./open/checkpoint-sizes.ts";
import { type CheckpointSize, writeShardedLlama } from "./open/sharded-checkpoint.ts";
import { startPython, startSource } from "./start-workers.ts";

/** A request, which each side answers once in a new process. */
export interface FormatRequest {
  /** Without a trailing slash. */
  readonly folder: string;
  readonly threads: number;
  /** Repetitions of a two-token word in the prompt; the peer's prompt is twice as many repetitions of one token. */
  readonly words: number;
  readonly newTokens: number;
  /** Asked first, if the model has a tower. */
  readonly image?: ImageQuestion;
}

export interface ImageQuestion {
  /** Repetitions of a two-token word after the image. */
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
  readonly image?: ImageAnswer;
}

export interface ImageAnswer {
  readonly promptLength: number;
  /** Time of the whole answer, which is the first of the open model. */
  readonly seconds: number;
  /** Peak bytes of the process after this answer. */
  readonly peak: number;
}

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "1b" },
    layers: { type: "string" },
    formats: { type: "string" },
    peers: { type: "string" },
    rounds: { type: "string", default: "2" },
    threads: { type: "string", default: "2" },
    words: { type: "string", default: "380" },
    tokens: { type: "string", default: "16" },
  },
});

const ALL_FORMATS = "float32,stored,int8,int4";
const ALL_PEERS = "float32,bfloat16,q8_0,q4_0";
/** The image, the words and what separates them are 641 positions. */
const IMAGE_QUESTION: ImageQuestion = { words: 31, newTokens: 8 };
const size = checkpointSize(options.size, options.layers);
// The other formats of 7 billion values do not fit in 24 GB.
const isLarge = size.name === "7b" && options.layers === undefined;
const formats = listed(options.formats ?? (isLarge ? "stored,int8,int4" : ALL_FORMATS));
const peerNames = listed(options.peers ?? (isLarge ? "" : ALL_PEERS));

const folder = new URL("../.cache/bench/weight-formats/", import.meta.url);
try {
  const count = await writeShardedLlama(folder, size);
  console.log(`${(count / 1e9).toFixed(2)} billion values, ${((2 * count) / 1e9).toFixed(2)} GB in bfloat16`);
  const ours = formats.map((format) => ({
    name: `mlan, ${format}`,
    start: () => startSource(`mlan, ${format}`, "peers/mlan-formats.ts", [format]),
  }));
  const peers: Started[] = [];
  for (const name of peerNames) peers.push(isGguf(name) ? await llamaCpp(name, size) : transformers(name));
  const sides = [...ours, ...peers];
  const found = new Map<string, Side>();
  for (let round = 0; round < Number(options.rounds); round++)
    for (const { name, start } of sides) {
      const side = start();
      if (!side) continue;
      const { openSeconds, promptSeconds, secondsPerToken, peak, image } = await measure(
        side,
        found.get(name) ?? newSide(found, name),
      );
      const seconds = [openSeconds, promptSeconds, secondsPerToken].map((value) => value.toFixed(2)).join(", ");
      // A size of 7 billion takes an hour, so each result is printed at once.
      console.log(`${name}, start ${round + 1}: open, prompt, token ${seconds} s; peak ${gigabytes(peak)}`);
      if (image) console.log(`  ${imageLine(image)}`);
    }
  for (const [name, { open, prompt, token, result }] of found)
    console.log(
      `${name.padEnd(22)} first start ${open.first} ms, later ${open.rest}; ${result?.promptLength} positions ${prompt.rest}; ` +
        `token ${token.rest}; peak ${gigabytes(result?.peak ?? NaN)}`,
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface Started {
  readonly name: string;
  /** Undefined if the side is not available. */
  start(): LineProcess | undefined;
}

function isGguf(name: string): name is GgufType {
  return name === "q4_0" || name === "q8_0";
}

async function llamaCpp(type: GgufType, sizes: CheckpointSize): Promise<Started> {
  const [name, file] = [`node-llama-cpp, ${type}`, new URL(`${type}.gguf`, folder)];
  await writeGguf(file, sizes, type);
  return { name, start: () => startLlamaCpp(name, file) };
}

function transformers(dtype: string): Started {
  const name = `transformers, ${dtype}`;
  return { name, start: () => startPython(name, "peers/torch_formats.py", ["torch", "transformers"], [dtype]) };
}

function listed(names: string): readonly string[] {
  return names === "" ? [] : names.split(",");
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function imageLine({ promptLength, seconds, peak }: ImageAnswer): string {
  const what = `an image question of ${promptLength} positions, ${IMAGE_QUESTION.newTokens} new tokens`;
  return `${what}: ${seconds.toFixed(2)} s from the open model; peak until then ${gigabytes(peak)}`;
}

/** Times of one side. The first start is separate: it loads files into the page cache and writes quantized weights. */
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
    ...(size.tower && { image: IMAGE_QUESTION }),
  };
  const result = await side.ask<FormatResult>(request);
  side.stop();
  add(into.open, result.openSeconds);
  add(into.prompt, result.promptSeconds);
  add(into.token, result.secondsPerToken);
  // Later starts do not quantize.
  into.result = result;
  return result;
}
