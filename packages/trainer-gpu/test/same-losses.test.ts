import { tensorFlowStatistics } from "@mlan/backend-tensorflow";
import { COMPUTE, createScope, type Plugin, TRAINER, type TrainingRecipe } from "@mlan/core";
import { temporaryFolder, writeTinyLlava } from "@mlan/testing";
import { cpuTrainer } from "@mlan/trainer-cpu";
import { alignment, gpuTrainer, instructionTuning } from "@mlan/trainer-gpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";
import { tinyLlava, yesAndNo } from "../../trainer-cpu/test/yes-and-no.ts";

const STEPS = 50;
const SMALL = { format: { maximumLength: 256 }, batchSize: 4, microBatchSize: 2, epochs: 5 } as const;

interface Contender {
  readonly backend: string;
  readonly trainer: readonly Plugin[];
}

const ONNX: Contender = { backend: "onnx", trainer: cpuTrainer({ threads: 2 }) };
const TENSORFLOW: Contender = { backend: "tensorflow", trainer: gpuTrainer({ device: "cpu", threads: 2 }) };

describeWithTensorFlow("a small LLaVA, tuned on TensorFlow", () => {
  const root = temporaryFolder();
  beforeAll(async () => {
    await writeTinyLlava(root, { seed: 5 });
  });
  /** The loss of each step up to `stopAfter`; a run with the name of an earlier one resumes it. */
  async function tune(name: string, on: Contender, recipe: TrainingRecipe, stopAfter = Infinity): Promise<number[]> {
    await using scope = createScope(on.trainer);
    const trainer = scope.get(TRAINER);
    const model = await tinyLlava(root, scope.get(COMPUTE)).open({ seed: 1 });
    // Alignment uses only conversations with pictures.
    const data = yesAndNo(40, recipe.format.template === "plain" ? 1 : 4);
    const losses: number[] = [];
    for await (const event of trainer.train({ model, data, recipe, seed: 42, folder: new URL(`${name}/`, root) })) {
      if (event.type === "step-end") losses.push(event.loss);
      if (event.type === "step-end" && event.step >= stopAfter) break;
    }
    expect(tf.getBackend()).toBe(on.backend);
    model.dispose();
    return losses;
  }

  it.each([
    { stage: "alignment", recipe: alignment({ ...SMALL, learningRate: 1e-2 }) },
    { stage: "instruction tuning", recipe: instructionTuning({ ...SMALL, learningRate: 5e-3, weightDecay: 0.01 }) },
  ])("has the losses of the backend onnx within 1e-4 over 50 steps of $stage", async ({ stage, recipe }) => {
    const expected = await tune(`onnx ${stage}`, ONNX, recipe);
    const found = await tune(`tensorflow ${stage}`, TENSORFLOW, recipe);
    expect([expected.length, found.length]).toEqual([STEPS, STEPS]);
    expect(expected.at(-1)).toBeLessThan(expected[0]! * 0.9);
    const differences = expected.map((loss, step) => Math.abs(loss - found[step]!));
    console.info(`${stage}: ${expected[0]} -> ${expected.at(-1)}, largest difference ${Math.max(...differences)}`);
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });

  it("resumes after a stop with bit-identical results, and leaves nothing on the device", async () => {
    const recipe = instructionTuning({ ...SMALL, learningRate: 5e-3, checkpointEvery: 8 });
    const straight = await tune("straight", TENSORFLOW, recipe);
    const { tensors, bytes } = tensorFlowStatistics()!;
    await tune("stopped", TENSORFLOW, recipe, 21);
    const resumed = await tune("stopped", TENSORFLOW, recipe);
    expect(resumed).toEqual(straight.slice(21));
    expect(tensorFlowStatistics()).toMatchObject({ tensors, bytes });
  });
});
