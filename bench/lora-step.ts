/**
 * A training step of a low-rank adapter on a frozen base of bfloat16 values, compared with peft, whose base is in float32
 * or bfloat16: time per step and the peak of the process's memory. Writes 2.2 GB below .cache/bench and removes them; with
 * `--size 7b --peers "" --length 256 --checkpointing --rounds 1` it is QLoRA on 7 billion values, and writes 25 GB.
 * `npm run bench:lora-step [-- --size 1b] [--layers 22] [--formats stored,int8,int4] [--rank 64] [--length 512] [--checkpointing] [--steps 3] [--rounds 2]`
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Measurement } from "./measurement.ts";
import { checkpointSize } from "./open/checkpoint-sizes.ts";
import { writeShardedLlama } from "./open/sharded-checkpoint.ts";
import { startPython, startSource } from "./start-workers.ts";

/** A request. Each side answers it once in a new process. */
export interface LoraRequest {
  /** Path without a trailing slash. */
  readonly folder: string;
  readonly threads: number;
  readonly rank: number;
  /** Positions of the only row. */
  readonly length: number;
  /** Positions at the beginning of the row that are not supervised. */
  readonly prompt: number;
  /** Number of measured steps, after an unmeasured first one. */
  readonly steps: number;
  /** Whether each layer's activations are computed again for its gradient. The peer never does. */
  readonly checkpointing: boolean;
}

export interface LoraResult {
  readonly secondsPerStep: readonly number[];
  /** The loss before each step, including the first. */
  readonly losses: readonly number[];
  readonly parameters: number;
  /** Number of supervised positions. */
  readonly supervised: number;
  /** Peak bytes of the process, including pages of mapped files. */
  readonly peak: number;
}

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "1b" },
    layers: { type: "string" },
    formats: { type: "string", default: "stored,int8,int4" },
    peers: { type: "string", default: "float32,bfloat16" },
    rank: { type: "string", default: "64" },
    length: { type: "string", default: "512" },
    steps: { type: "string", default: "3" },
    rounds: { type: "string", default: "2" },
    threads: { type: "string", default: "2" },
    checkpointing: { type: "boolean", default: false },
  },
});
const size = checkpointSize(options.size, options.layers);

interface Found {
  readonly step: Measurement;
  result: LoraResult | undefined;
}

const folder = new URL("../.cache/bench/lora-step/", import.meta.url);
try {
  const count = await writeShardedLlama(folder, size);
  console.log(
    `${(count / 1e9).toFixed(2)} billion values, rank ${options.rank}, one row of ${options.length} positions`,
  );
  const names = (text: string): readonly string[] => text.split(",").filter((name) => name !== "");
  const sides = [
    ...names(options.formats).map((format) => {
      const name = `mlan, ${format}`;
      return { name, start: () => startSource(name, "peers/mlan-lora.ts", [format]) };
    }),
    ...names(options.peers).map((dtype) => {
      const name = `peft, ${dtype}`;
      return {
        name,
        start: () => startPython(name, "peers/torch_lora.py", ["torch", "transformers", "peft"], [dtype]),
      };
    }),
  ];
  const found = new Map<string, Found>();
  let prompt = 0;
  for (let round = 0; round < Number(options.rounds); round++)
    for (const { name, start } of sides) {
      const side = start();
      if (!side) continue;
      const request: LoraRequest = {
        folder: fileURLToPath(folder).replace(/\/$/, ""),
        threads: Number(options.threads),
        rank: Number(options.rank),
        length: Number(options.length),
        prompt,
        steps: Number(options.steps),
        checkpointing: options.checkpointing,
      };
      const result = await side.ask<LoraResult>(request);
      side.stop();
      // The peer supervises the same number of positions.
      prompt = request.length - result.supervised;
      const into = found.get(name) ?? { step: new Measurement(), result: undefined };
      found.set(name, into);
      for (const seconds of result.secondsPerStep) into.step.add(1000 * seconds);
      into.result = result;
      // A step of 7 billion values takes minutes, so each result is printed at once.
      console.log(`${name}, round ${round + 1}: losses ${lossesOf(result)}; peak ${(result.peak / 1e9).toFixed(2)} GB`);
    }
  const peers = [...found].filter(([name]) => name.startsWith("peft"));
  for (const [name, { step, result }] of found) {
    const peak = result?.peak ?? NaN;
    const ratios = name.startsWith("peft")
      ? []
      : peers.map(([peer, other]) => {
          const time = (step.median / other.step.median).toFixed(2);
          return `${time} x the time and ${(peak / (other.result?.peak ?? NaN)).toFixed(2)} x the memory of ${peer}`;
        });
    const losses = result && lossesOf(result);
    console.log(
      [
        `${name.padEnd(16)} ${step} per step; peak ${(peak / 1e9).toFixed(2)} GB; ${result?.parameters} parameters; losses ${losses}`,
        ...ratios,
      ].join("; "),
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function lossesOf({ losses }: LoraResult): string {
  return losses.map((loss) => loss.toFixed(4)).join(" ");
}
