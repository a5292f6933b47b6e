/**
 * The memory that `mlan plan` predicts, compared with the peak that the system counts while the same stage runs in a process
 * of its own: training of all weights, of an adapter on frozen weights in 16, 8 and 4 bits, and answering. Exits with
 * status 1 if a prediction is more than 10 % off. Needs Linux. Writes 2.2 GB (14 GB with `--sizes 7b`) below .cache/bench and removes them.
 * `npm run bench:plan [-- --sizes 23m,110m,1b] [--kinds full,lora,qlora,answers] [--events]`
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type CheckpointSize, writeShardedLlama } from "./open/sharded-checkpoint.ts";
import type { CaseRequest, MeasuredCase, PlannedCase, RunCase } from "./plan/measured-case.ts";
import { startSource } from "./start-workers.ts";

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "23m,110m,1b" },
    kinds: { type: "string", default: "full,lora,qlora,answers" },
    /** Only those of these weight formats. */
    formats: { type: "string", default: "float32,stored,int8,int4" },
    rows: { type: "string" },
    length: { type: "string" },
    rank: { type: "string", default: "64" },
    threads: { type: "string", default: "2" },
    checkpointing: { type: "boolean", default: false },
    /** Prints the peak after each event of a run. */
    events: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

/** Maximum relative error of a prediction. */
const TOLERANCE = 0.1;

interface Size extends CheckpointSize {
  readonly rows: number;
  readonly length: number;
  readonly kinds: readonly string[];
}

const EVERY_KIND = ["full", "lora", "qlora", "answers"];
const SIZES: Readonly<Record<string, Size>> = {
  "23m": {
    layers: 6,
    hiddenSize: 512,
    intermediateSize: 1376,
    heads: 8,
    keyValueHeads: 8,
    vocabularySize: 4096,
    rows: 4,
    length: 512,
    kinds: EVERY_KIND,
  },
  "110m": {
    layers: 12,
    hiddenSize: 768,
    intermediateSize: 2048,
    heads: 12,
    keyValueHeads: 12,
    vocabularySize: 16_000,
    rows: 2,
    length: 256,
    kinds: EVERY_KIND,
  },
  "1b": {
    layers: 22,
    hiddenSize: 2048,
    intermediateSize: 5632,
    heads: 32,
    keyValueHeads: 4,
    vocabularySize: 32_000,
    rows: 1,
    length: 512,
    // All weights would need 18 GB.
    kinds: ["lora", "qlora", "answers"],
  },
  "7b": {
    layers: 32,
    hiddenSize: 4096,
    intermediateSize: 11_008,
    heads: 32,
    keyValueHeads: 32,
    vocabularySize: 32_000,
    tower: { hiddenSize: 1024, intermediateSize: 4096, layers: 24, heads: 16 },
    rows: 1,
    length: 64,
    kinds: ["answers"],
  },
};

const FORMATS: Readonly<Record<string, readonly MeasuredCase["weightFormat"][]>> = {
  full: ["float32"],
  lora: ["float32", "stored"],
  qlora: ["int8", "int4"],
  answers: ["float32", "stored", "int8", "int4"],
};

let failed = false;
for (const name of listed(options.sizes)) {
  const size = SIZES[name];
  if (!size) throw new Error(`--sizes ${name} is not one of ${Object.keys(SIZES).join(", ")}`);
  const folder = new URL(`../.cache/bench/plan-${name}/`, import.meta.url);
  try {
    const count = await writeShardedLlama(folder, size);
    console.log(`${(count / 1e6).toFixed(0)} million values`);
    for (const kind of size.kinds.filter((one) => listed(options.kinds).includes(one)))
      for (const weightFormat of FORMATS[kind] ?? [])
        if (listed(options.formats).includes(weightFormat))
          await compare(`${name} ${kind} ${weightFormat}`, caseOf(folder, size, kind, weightFormat));
  } finally {
    if (!options.keep) await rm(folder, { recursive: true, force: true });
  }
}
process.exitCode = failed ? 1 : 0;

function caseOf(folder: URL, size: Size, kind: string, weightFormat: MeasuredCase["weightFormat"]): MeasuredCase {
  return {
    folder: fileURLToPath(folder).replace(/\/$/, ""),
    threads: Number(options.threads),
    weightFormat,
    rows: Number(options.rows ?? size.rows),
    length: Number(options.length ?? size.length),
    images: size.tower !== undefined,
    task: kind === "full" || kind === "answers" ? kind : "adapter",
    rank: Number(options.rank),
    gradientCheckpointing: options.checkpointing,
  };
}

async function compare(name: string, measured: MeasuredCase): Promise<void> {
  const { memory, batch } = await answerOf<PlannedCase>({ measured, action: "plan" });
  const { peak, events } = await answerOf<RunCase>({ measured, action: "run" });
  const ratio = memory.total / peak;
  const reached = Math.abs(ratio - 1) <= TOLERANCE;
  failed ||= !reached;
  const parts = Object.entries(memory.parts).map(([part, bytes]) => `${part} ${megabytes(bytes)}`);
  console.log(
    `${name.padEnd(22)} ${batch}: planned ${megabytes(memory.total)}, measured ${megabytes(peak)} MB: ` +
      `${ratio.toFixed(3)} ${reached ? "reached" : "missed"} (${parts.join(", ")})`,
  );
  if (!options.events) return;
  for (const { type, peak: until, anonymous, files } of events)
    console.log(
      `  ${type.padEnd(18)} peak ${megabytes(until)}; now ${megabytes(anonymous)} and ${megabytes(files)} of files`,
    );
}

async function answerOf<Answer>(request: CaseRequest): Promise<Answer> {
  const process = startSource("mlan", "peers/mlan-plan.ts");
  try {
    return await process.ask<Answer>(request);
  } finally {
    process.stop();
  }
}

function listed(names: string): readonly string[] {
  return names === "" ? [] : names.split(",");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
