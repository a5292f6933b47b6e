import { onnx } from "@mlan/backend-onnx";
import { type Compute, COMPUTE, createScope, type Generation, type TrainEvent, type TrainingRecipe } from "@mlan/core";
import { plainCompute, temporaryFolder, writeTinyLlava } from "@mlan/testing";
import { createTrainer, instructionTuning, lora } from "@mlan/trainer";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyLlava, yesAndNo } from "./yes-and-no.ts";

const folder = temporaryFolder();
beforeAll(async () => {
  await writeTinyLlava(folder, { seed: 2 });
});
const compute = createScope([onnx({ threads: 1 })]).get(COMPUTE);
/** The same backend without recording. */
const calling: Compute = { ...compute, compile: plainCompute().compile };

const RECIPE = instructionTuning({
  adapter: lora({ rank: 4, dropout: 0.3 }),
  format: { maximumLength: 256 },
  batchSize: 4,
  microBatchSize: 2,
  epochs: 3,
  learningRate: 1e-2,
  learningRates: { projector: 0 },
  maximumSteps: 6,
  checkpointEvery: 3,
});

interface Trained {
  readonly losses: readonly number[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly before: Trained["weights"];
  readonly answers: readonly Generation[];
}

interface TuneOptions {
  readonly on?: Compute;
  readonly recipe?: TrainingRecipe;
  readonly gradientCheckpointing?: boolean;
  readonly breakAt?: number;
}

async function tune(
  name: string,
  { on = compute, recipe = RECIPE, gradientCheckpointing = false, breakAt }: TuneOptions = {},
): Promise<Trained> {
  const trainer = createTrainer({ name, compute: on, gradientCheckpointing });
  const model = await tinyLlava(folder.href, on).open({ seed: 1 });
  const valuesOf = async (): Promise<Trained["weights"]> => {
    const entries = model.parameters().map(async (one) => [one.name, [...(await one.read())]] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  const before = await valuesOf();
  const losses: number[] = [];
  const run = { model, data: yesAndNo(20), recipe, seed: 3, folder: new URL(`${name}/`, folder) };
  for await (const event of trainer.train(run) as AsyncIterable<TrainEvent>) {
    if (event.type !== "step-end") continue;
    losses.push(event.loss);
    if (event.step === breakAt) break;
  }
  const answers: Generation[] = [];
  const prompt = { kind: "raw", text: "is it so? ", beginOfSequence: true } as const;
  for await (const answer of model.generate([{ id: "a", prompt, images: [], maximumNewTokens: 20 }]))
    answers.push(answer);
  const weights = await valuesOf();
  model.dispose();
  return { losses, weights, before, answers };
}

describe("training an adapter with dropout", () => {
  it("changes the adapter alone where the projector's rate is 0", async () => {
    const { weights, before } = await tune("alone");
    for (const [name, values] of Object.entries(before)) expect(weights[name], name).toEqual(values);
    const added = Object.keys(weights).filter((name) => before[name] === undefined);
    expect(added).toHaveLength(2 * 2 * 7);
    for (const name of added)
      expect(
        weights[name]?.some((value) => value !== 0),
        name,
      ).toBe(true);
  });

  it("resumes in another model, and ends with the same bits", async () => {
    const straight = await tune("straight");
    const first = await tune("stopped", { breakAt: 4 });
    const rest = await tune("stopped");
    expect([...first.losses, ...rest.losses]).toEqual(straight.losses);
    expect(rest.weights).toEqual(straight.weights);
    expect(rest.answers).toEqual(straight.answers);
  });

  it("drops the same values where steps are recorded, and where a layer runs again for its gradient", async () => {
    const [recorded, called] = [await tune("recorded"), await tune("called", { on: calling })];
    expect(recorded).toEqual(called);
    const checkpointed = await tune("checkpointed", { gradientCheckpointing: true });
    expect(checkpointed.losses[5]).toBeCloseTo(called.losses[5] ?? NaN, 5);
  });
});

it("the projector learns at its own rate", async () => {
  const { weights, before } = await tune("rates", {
    recipe: { ...RECIPE, learningRates: { projector: 1e-2 }, learningRate: 0 },
  });
  const names = Object.keys(weights).filter((name) => name.includes("mm_projector"));
  expect(names).toHaveLength(4);
  for (const name of names) expect(weights[name], name).not.toEqual(before[name]);
  for (const [name, values] of Object.entries(weights))
    if (name.endsWith("lora_B.weight"))
      expect(
        values.every((value) => value === 0),
        name,
      ).toBe(true);
});
