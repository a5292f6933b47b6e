import { onnx, onnxStatistics } from "@mlan/backend-onnx";
import {
  type Compute,
  COMPUTE,
  concat,
  type Conversation,
  createScope,
  type Dataset,
  filter,
  type Generation,
  type StepEndEvent,
  take,
} from "@mlan/core";
import { plainCompute, temporaryFolder, writeTinyLlava } from "@mlan/testing";
import { createTrainer, instructionTuning } from "@mlan/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyLlava, yesAndNo } from "./yes-and-no.ts";

const folder = temporaryFolder();
beforeAll(async () => {
  await writeTinyLlava(folder, { seed: 2 });
});
const recording = createScope([onnx({ threads: 1 })]).get(COMPUTE);

/** The same backend without recording: `compile` returns a function that simply calls its argument. */
const calling: Compute = {
  ...recording,
  compile: plainCompute().compile,
};

/** Enough steps that the weights are packed, which changes the last bits of products. */
const MANY = 24;

function exact(answers: readonly Generation[]): readonly unknown[] {
  const isPacked = answers.some(({ tokens = [] }) => tokens.length > 8);
  return answers.map(({ margins, ...rest }) => ({ ...rest, ...(!isPacked && { margins }) }));
}

interface Trained {
  readonly steps: readonly StepEndEvent[];
  readonly weights: readonly (readonly number[])[];
  readonly answers: readonly (readonly Generation[])[];
  readonly scores: readonly number[];
}

async function tune(
  name: string,
  compute: Compute,
  gradientCheckpointing: boolean,
  data: Dataset<Conversation> = yesAndNo(20),
): Promise<Trained> {
  const trainer = createTrainer({ name, compute, gradientCheckpointing });
  const model = await tinyLlava(folder.href, compute).open({ seed: 1 });
  const recipe = instructionTuning({
    format: { maximumLength: 256 },
    batchSize: 6,
    microBatchSize: 2,
    epochs: 3,
    learningRate: 1e-2,
    weightDecay: 0.01,
    maximumGradientNorm: 0.5,
    groupByModality: false,
    lossWeighting: "position",
    groupLengths: "absolute",
    answerSpans: "turns",
    maximumSteps: 6,
  });
  const requests = Array.from({ length: 6 }, (_, index) => ({
    id: `${index}`,
    prompt: { kind: "raw", text: "is it so? ".repeat(1 + (index % 3)), beginOfSequence: true } as const,
    images: [],
  }));
  const answers: Generation[][] = [];
  const answer = async (): Promise<void> => {
    for (const maximumNewTokens of [8, MANY]) {
      const all: Generation[] = [];
      const asked = requests.map((request) => ({ ...request, maximumNewTokens }));
      for (const batchSize of [1, 4, 32])
        for await (const one of model.generate(asked, { details: true, batchSize })) all.push(one);
      answers.push(all.toSorted((left, right) => left.id.localeCompare(right.id)));
    }
  };
  // Answers of the initial weights, which the recordings must not keep.
  await answer();
  const steps: StepEndEvent[] = [];
  const run = { model, data, recipe, seed: 3, folder: new URL(`${name}/`, folder) };
  for await (const event of trainer.train(run)) if (event.type === "step-end") steps.push(event);
  await answer();
  const scored = await model.score(requests.map((request) => ({ ...request, continuation: "yes" })));
  const weights = await Promise.all(model.parameters().map(async (parameter) => [...(await parameter.read())]));
  model.dispose();
  return { steps, weights, answers, scores: scored.map(({ logProbability }) => logProbability) };
}

describe.each([false, true])("with gradient checkpointing %s, steps and answers that are recorded", (checkpointing) => {
  it("give the same losses, weights, answers and scores to the bit, and the same margins but for packed weights", async () => {
    const called = await tune(`called-${checkpointing}`, calling, checkpointing);
    const recorded = await tune(`recorded-${checkpointing}`, recording, checkpointing);
    expect(called.steps).toHaveLength(6);
    expect(recorded.steps.map(({ loss }) => loss)).toEqual(called.steps.map(({ loss }) => loss));
    expect(recorded.weights).toEqual(called.weights);
    expect(recorded.answers.map(exact)).toEqual(called.answers.map(exact));
    expect(recorded.answers[2]).not.toEqual(recorded.answers[0]);
    const margins = ({ answers }: Trained): readonly number[] =>
      answers.flatMap((all) => all.flatMap((one) => one.margins ?? []));
    for (const [index, margin] of margins(recorded).entries())
      expect(margin).toBeCloseTo(margins(called)[index] ?? NaN, 5);
    expect(recorded.scores).toEqual(called.scores);
  });
});

it("losses by dataset are recorded without changing a bit of the training", async () => {
  const all = yesAndNo(20);
  const second = filter({ ...all, name: "second" }, (_, index) => index >= 8);
  const mixed = concat(take({ ...all, name: "first" }, 8), second);
  const plain = await tune("plain", recording, false);
  const parts = await tune("parts", recording, false, mixed);
  expect(parts.weights).toEqual(plain.weights);
  expect(parts.steps.map(({ loss }) => loss)).toEqual(plain.steps.map(({ loss }) => loss));
  for (const { loss, counts, sources = {} } of parts.steps) {
    expect(Object.keys(sources).length).toBeGreaterThan(0);
    const all = Object.values(sources);
    expect(all.reduce((sum, { supervised }) => sum + supervised, 0)).toBe(counts.supervised);
    // The recipe weighs all supervised positions equally.
    const mean = all.reduce((sum, one) => sum + one.loss * one.supervised, 0) / counts.supervised;
    expect(mean).toBeCloseTo(loss, 4);
  }
  expect(parts.steps.flatMap(({ sources = {} }) => Object.keys(sources))).toEqual(
    expect.arrayContaining(["first", "second"]),
  );
});

it("a disposed model leaves no recording behind", async () => {
  const before = onnxStatistics();
  const held = (): number => onnxStatistics().leafBytes + onnxStatistics().resultBytes;
  const [start, tensors] = [before.leafBytes + before.resultBytes, tf.memory().numTensors];
  await tune("disposed", recording, false);
  const all = yesAndNo(20);
  await tune("disposed-mixed", recording, false, concat(all, { ...all, name: "other" }));
  expect(tf.memory().numTensors).toBe(tensors);
  expect(held()).toBe(start);
});
