import { readFile } from "node:fs/promises";
import { MlanError, pathOf, type StepEndEvent } from "@mlan/core";
import { z } from "zod";

const count = z.number().min(0);
const schema: z.ZodType<StepEndEvent> = z.strictObject({
  type: z.literal("step-end"),
  step: z.int().min(1),
  steps: z.int().min(1),
  loss: z.number(),
  learningRate: count,
  counts: z.strictObject({ text: count, image: count, padding: count, supervised: count }),
  flops: count,
  seconds: count,
  sources: z.record(z.string(), z.strictObject({ loss: z.number(), supervised: count })).exactOptional(),
  device: z.strictObject({ dispatches: count, peakBytes: count }).exactOptional(),
});

/** Returns the finished steps of a stage as JSON lines. */
export function historyText(steps: readonly StepEndEvent[]): string {
  return steps.map((step) => `${JSON.stringify(step)}\n`).join("");
}

/** Reads the text of {@link historyText}. Throws `run-folder` unless the steps are consecutive and end with `last`. */
export async function readHistory(file: URL, last: number): Promise<readonly StepEndEvent[]> {
  const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
  const history = lines.flatMap((line) => stepOf(line) ?? []);
  const first = last - lines.length + 1;
  if (history.length === lines.length && history.every(({ step }, index) => step === first + index)) return history;
  throw new MlanError(
    "run-folder",
    `${pathOf(file)} is not the list of steps up to step ${last}. Restore it from a copy.`,
  );
}

function stepOf(line: string): StepEndEvent | undefined {
  try {
    const step = JSON.parse(line);
    return schema.safeParse(step).success ? step : undefined; // as written, with its keys in the same order
  } catch {
    return undefined;
  }
}
