import { readFile } from "node:fs/promises";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, type StepEndEvent } from "@mlan/core";
import { temporaryFolder, writeTinyLlava } from "@mlan/testing";
import { createTrainer, instructionTuning } from "@mlan/trainer";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyLlava, yesAndNo } from "./yes-and-no.ts";

const folder = temporaryFolder();
beforeAll(async () => {
  await writeTinyLlava(folder, { seed: 2 });
});
const recording = createScope([onnx({ threads: 1 })]).get(COMPUTE);

interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly (readonly number[])[];
}

/** Trains for six steps, with a checkpoint after each third; `stopAt` leaves the training after that step. */
async function tune(
  name: string,
  momentPrecision: "float32" | "bfloat16" | "int8",
  { stopAt = Infinity } = {},
): Promise<Trained> {
  const model = await tinyLlava(folder.href, recording).open({ seed: 1 });
  const recipe = instructionTuning({
    format: { maximumLength: 256 },
    batchSize: 4,
    microBatchSize: 2,
    epochs: 3,
    learningRate: 1e-2,
    weightDecay: 0.01,
    groupByModality: false,
    maximumSteps: 6,
    checkpointEvery: 3,
    momentPrecision,
  });
  const run = { model, data: yesAndNo(20), recipe, seed: 3, folder: new URL(`${name}/`, folder) };
  const steps: StepEndEvent[] = [];
  try {
    for await (const event of createTrainer({ name, compute: recording }).train(run)) {
      if (event.type !== "step-end") continue;
      steps.push(event);
      if (event.step === stopAt) break;
    }
    const weights = await Promise.all(model.parameters().map(async (parameter) => [...(await parameter.read())]));
    return { losses: steps.map(({ loss }) => loss), weights };
  } finally {
    model.dispose();
  }
}

/** The different dtypes in a safetensors file, which begins with the length of its header. */
async function dtypesIn(file: URL): Promise<readonly string[]> {
  const bytes = await readFile(file);
  const header: Record<string, { dtype?: string }> = JSON.parse(
    bytes.toString("utf8", 8, 8 + Number(bytes.readBigUInt64LE())),
  );
  return [...new Set(Object.values(header).flatMap(({ dtype }) => dtype ?? []))];
}

describe.each(["bfloat16", "int8"] as const)("moments in %s", (precision) => {
  it("are saved as they are, and training resumes bit-identically", async () => {
    const straight = await tune(`straight-${precision}`, precision);
    await tune(`stopped-${precision}`, precision, { stopAt: 4 });
    const resumed = await tune(`stopped-${precision}`, precision);
    expect(resumed.losses).toEqual(straight.losses.slice(4));
    expect(resumed.weights).toEqual(straight.weights);
    expect(await dtypesIn(new URL(`stopped-${precision}/step-000006/optimizer.safetensors`, folder))).toEqual([
      precision === "bfloat16" ? "BF16" : "I32",
    ]);
  });

  it("give the losses of float32 moments, but for noise", async () => {
    const [wide, narrow] = [await tune(`wide-${precision}`, "float32"), await tune(`narrow-${precision}`, precision)];
    expect(narrow.losses).toHaveLength(6);
    narrow.losses.forEach((loss, step) => expect(Math.abs(loss / wide.losses[step]! - 1)).toBeLessThan(0.01));
    expect(narrow.weights).not.toEqual(wide.weights);
  });

  it("are refused by a checkpoint of float32 moments", async () => {
    await tune(`other-${precision}`, "float32", { stopAt: 4 });
    await expect(tune(`other-${precision}`, precision)).rejects.toThrow(
      /checkpoint of a different run[^]*momentPrecision/,
    );
  });
});
