/**
 * The memory that `mlan plan` predicts, compared with the peak that the system counts while the same stage runs in a process
 * of its own: training of all weights, of an adapter on frozen weights in 16, 8 and 4 bits, and answering; also with
 * gradient checkpointing, with images, and with several micro-batches per step. Exits with status 1 if a prediction is
 * more than 10% off. Needs Linux. Writes 2.2 GB (14 GB with `--sizes 7b`) below .cache/bench and removes them.
 * `npm run bench:plan [-- --sizes 23m,110m,1b] [--kinds full,lora,qlora,answers] [--variants plain,images] [--events]`
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { TowerSize } from "./checkpoint/tower.ts";
import { checkpointSize } from "./open/checkpoint-sizes.ts";
import { writeShardedLlama } from "./open/sharded-checkpoint.ts";
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
    variants: { type: "string", default: "plain,checkpointing,images,micro-batches" },
    /** Prints the peak after each event of a run. */
    events: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

/** Maximum relative error of a prediction. */
const TOLERANCE = 0.1;

interface Sizes {
  readonly rows: number;
  readonly length: number;
  readonly kinds: readonly string[];
}

const EVERY_KIND = ["full", "lora", "qlora", "answers"];
const SIZES: Readonly<Record<string, Sizes>> = {
  "23m": { rows: 4, length: 512, kinds: EVERY_KIND },
  "110m": { rows: 2, length: 256, kinds: EVERY_KIND },
  // All weights would need 18 GB.
  "1b": { rows: 1, length: 512, kinds: ["lora", "qlora", "answers"] },
  "7b": { rows: 1, length: 64, kinds: ["answers"] },
};

/** The sizes of a small tower for models that have none. */
const TOWER: TowerSize = { hiddenSize: 256, intermediateSize: 1024, layers: 4, heads: 4 };

/** Positions of an image of 336 x 336 pixels. */
const IMAGE_POSITIONS = 576;

/** What differs from the plain case. */
const VARIANTS: Readonly<Record<string, Partial<MeasuredCase>>> = {
  plain: {},
  checkpointing: { gradientCheckpointing: true },
  images: { images: true },
  "micro-batches": { microBatches: 4 },
};

/** The weight formats of each kind. Variants are measured only with the last, unless there is no plain case. */
const FORMATS: Readonly<Record<string, readonly MeasuredCase["weightFormat"][]>> = {
  full: ["float32"],
  lora: ["float32", "stored"],
  qlora: ["int8", "int4"],
  answers: ["float32", "stored", "int8", "int4"],
};

let failed = false;
for (const name of listed(options.sizes)) {
  const sizes = SIZES[name];
  if (!sizes) throw new Error(`--sizes ${name} is not one of ${Object.keys(SIZES).join(", ")}`);
  const checkpoint = checkpointSize(name);
  for (const tower of [checkpoint.tower, ...(checkpoint.tower ? [] : [TOWER])]) {
    const variants = listed(options.variants).filter((variant) => (variant === "images") === (tower !== undefined));
    if (variants.length === 0) continue;
    const folder = new URL(`../.cache/bench/plan-${name}${tower ? "-tower" : ""}/`, import.meta.url);
    try {
      const count = await writeShardedLlama(folder, { ...checkpoint, ...(tower && { tower }) });
      console.log(`${(count / 1e6).toFixed(0)} million values`);
      for (const variant of variants)
        for (const one of casesOf({
          folder,
          sizes,
          variant,
          isOnly: tower !== undefined && tower === checkpoint.tower,
        }))
          await compare(`${name} ${one.kind} ${variant}`, one.measured);
    } finally {
      if (!options.keep) await rm(folder, { recursive: true, force: true });
    }
  }
}
process.exitCode = failed ? 1 : 0;

interface Chosen {
  readonly folder: URL;
  readonly sizes: Sizes;
  readonly variant: string;
  /** Whether the size has no plain case, because each row has an image. */
  readonly isOnly: boolean;
}

interface Case {
  readonly kind: string;
  readonly measured: MeasuredCase;
}

function casesOf({ folder, sizes, variant, isOnly }: Chosen): readonly Case[] {
  const changed = VARIANTS[variant];
  if (!changed) throw new Error(`--variants ${variant} is not one of ${Object.keys(VARIANTS).join(", ")}`);
  const isAnswered = variant === "plain" || variant === "images";
  const kinds = sizes.kinds.filter(
    (kind) => listed(options.kinds).includes(kind) && (isAnswered || kind !== "answers"),
  );
  return kinds.flatMap((kind) =>
    (FORMATS[kind] ?? [])
      .slice(variant === "plain" || isOnly ? 0 : -1)
      .filter((format) => listed(options.formats).includes(format))
      .map((weightFormat) => ({
        kind: `${kind} ${weightFormat}`,
        measured: { ...plainCase(folder, sizes, kind, variant === "images"), weightFormat, ...changed },
      })),
  );
}

function plainCase(folder: URL, sizes: Sizes, kind: string, images: boolean): MeasuredCase {
  const text = Number(options.length ?? sizes.length);
  return {
    folder: fileURLToPath(folder).replace(/\/$/, ""),
    threads: Number(options.threads),
    weightFormat: "float32",
    rows: Number(options.rows ?? sizes.rows),
    // The rows of a training include the positions of images.
    length: images && kind !== "answers" ? text + IMAGE_POSITIONS : text,
    images,
    task: kind === "full" || kind === "answers" ? kind : "adapter",
    rank: Number(options.rank),
    microBatches: 1,
    gradientCheckpointing: false,
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
    `${name.padEnd(32)} ${batch}: planned ${megabytes(memory.total)}, measured ${megabytes(peak)} MB: ` +
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
