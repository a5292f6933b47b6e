/**
 * The loss while the shipped miniature is tuned with AdamW's moments in float32, bfloat16 and int8, on the same
 * conversations in the same order. Prints the mean loss of each tenth of the steps, and the difference from float32.
 * `npm run bench:moments [-- --precisions bfloat16,int8 --steps 300 --batch-size 8 --seeds 7,8,9 --threads 2]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type MomentPrecision, tuningLosses } from "../tools/benchmarks/tuning-losses.ts";

const { values: options } = parseArgs({
  options: {
    /** Compared with float32. */
    precisions: { type: "string", default: "bfloat16,int8" },
    steps: { type: "string", default: "300" },
    "batch-size": { type: "string", default: "8" },
    /** Each seed has different conversations. */
    seeds: { type: "string", default: "7,8,9" },
    threads: { type: "string", default: "2" },
  },
});
const steps = Number(options.steps);
const precisions = options.precisions.split(",").map((name): MomentPrecision => {
  if (name !== "bfloat16" && name !== "int8") throw new Error(`--precisions ${name} is neither bfloat16 nor int8`);
  return name;
});
const PARTS = 10;

const differences = new Map<MomentPrecision, number[]>();
for (const seed of options.seeds.split(",").map(Number)) {
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-moments-"))}/`);
  const tuned = async (momentPrecision: MomentPrecision): Promise<readonly number[]> =>
    tenths(
      await tuningLosses({
        folder,
        momentPrecision,
        steps,
        batchSize: Number(options["batch-size"]),
        seed,
        threads: Number(options.threads),
      }),
    );
  try {
    const exact = await tuned("float32");
    console.log(`seed ${seed}, mean loss of each tenth of ${steps} steps`);
    console.log(`  ${"float32".padEnd(8)} ${exact.map((loss) => loss.toFixed(4)).join("  ")}`);
    for (const precision of precisions) {
      const losses = await tuned(precision);
      const relative = losses.map((loss, part) => loss / (exact[part] ?? NaN) - 1);
      console.log(`  ${precision.padEnd(8)} ${losses.map((loss) => loss.toFixed(4)).join("  ")}`);
      console.log(`  ${"".padEnd(8)} ${relative.map(percent).join(" ")}`);
      differences.set(precision, [...(differences.get(precision) ?? []), relative.at(-1) ?? NaN]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
for (const [precision, ends] of differences)
  console.log(
    `${precision}: the last tenth's loss differs by ${ends.map(percent).join(", ")}, ${percent(mean(ends))} on average`,
  );

function tenths(losses: readonly number[]): readonly number[] {
  const size = losses.length / PARTS;
  return Array.from({ length: PARTS }, (_, part) =>
    mean(losses.slice(Math.round(part * size), Math.round((part + 1) * size))),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): string {
  return `${share < 0 ? "" : "+"}${(100 * share).toFixed(2)} %`;
}
