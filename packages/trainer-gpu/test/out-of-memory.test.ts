import { readdir } from "node:fs/promises";
import { createScope, MlanError, MODEL, type TrainableModel, TRAINER, trainableModel } from "@mlan/core";
import { alphabetConversations, fakeModelPlugin, memoryDataset, temporaryFolder } from "@mlan/testing";
import { gpuTrainer, instructionTuning } from "@mlan/trainer-gpu";
import { expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";
import * as tf from "@tensorflow/tfjs-core";

const STEPS = 6;
const FAILS_AT = 4;

describeWithTensorFlow("a device that runs out of memory in the middle of a step", () => {
  const folder = temporaryFolder();
  async function tune(prepare: (model: TrainableModel) => TrainableModel): Promise<readonly number[]> {
    await using scope = createScope([fakeModelPlugin(), gpuTrainer({ device: "cpu", threads: 2 })]);
    const trainer = scope.get(TRAINER);
    const model = trainableModel(await scope.get(MODEL).open({ seed: 3 }));
    const recipe = instructionTuning({
      batchSize: 4,
      microBatchSize: 4,
      groupByModality: false,
      maximumSteps: STEPS,
      checkpointEvery: 1,
      format: { maximumLength: 64 },
    });
    const data = memoryDataset("alphabet", alphabetConversations(24));
    const steps: number[] = [];
    const training = trainer.train({ model: prepare(model), data, recipe, seed: 7, folder });
    for await (const event of training) if (event.type === "step-end") steps.push(event.step);
    model.dispose();
    return steps;
  }

  it("says what to change, and keeps the checkpoint before it to resume from", async () => {
    const failure = await tune(failing).catch((error: unknown) => error);
    expect(failure).toSatisfy((error) => MlanError.is(error, "unavailable"), String(failure));
    expect(String(failure)).toMatch(
      /out of memory at the op \w+.*GB of tensors\b.*microBatchSize.*gradientCheckpointing/s,
    );
    expect((await readdir(folder)).toSorted().at(-1)).toBe(`step-00000${FAILS_AT - 1}`);
    expect(await tune((model) => model)).toEqual([FAILS_AT, FAILS_AT + 1, FAILS_AT + 2]);
  });
});

/** A model whose loss allocates 16 TB at one step. */
function failing(model: TrainableModel): TrainableModel {
  let step = 0;
  const huge = (): tf.Scalar => tf.sum(tf.matMul(tf.ones([2e6, 1]), tf.ones([1, 2e6])));
  return {
    ...model,
    loss: (tensors) => (++step === FAILS_AT ? tf.tidy(huge) : model.loss(tensors)),
  };
}
