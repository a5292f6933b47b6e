// Training steps and greedy decoding of the product on the provider "webgpu":
// speed.js train|decode <sizes as JSON> <checkpoint's folder>
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, type Encoded, MODEL, type TrainableModel, trainableModel, TRAINER } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import { memoryDataset } from "@mlan/testing";
import { instructionTuning, trainer } from "@mlan/trainer";
import { promptIn } from "./prompt.ts";
import { report } from "./report-line.ts";
import { type Sizes, trainingRow } from "./sizes.ts";

const [task = "train", given = "", path = "."] = process.argv.slice(2);
const sizes: Sizes = JSON.parse(given);
const folder = pathToFileURL(`${path}/`);
const scope = createScope([llama2({ weights: folder }), onnx({ provider: "webgpu" }), trainer()]);
await scope.get(COMPUTE).open();
const model = trainableModel(await scope.get(MODEL).open());
await (task === "decode" ? decode() : trainOn(model));
// The end of the process frees the GPU memory, which is faster than disposing, and writes no checkpoint.
process.exit(0);

/** Runs the trainer on conversations that all equal the same row. */
async function trainOn(loaded: TrainableModel): Promise<void> {
  const { ids, labels } = trainingRow(sizes);
  const row: Encoded = {
    id: "row",
    inputIds: Int32Array.from(ids),
    labels: Int32Array.from(labels),
    images: [],
    length: ids.length,
    supervised: labels.filter((label) => label !== -100).length,
  };
  const turns = [
    { role: "user", text: "?" },
    { role: "assistant", text: "!" },
  ] as const;
  // One more step than measured, so that the last measured event comes before a checkpoint is written.
  const rows = Array.from({ length: sizes.steps + 1 }, (_, index) => ({ id: `${index}`, turns, images: [] }));
  const recipe = instructionTuning({
    trained: ["language"],
    format: { maximumLength: ids.length },
    batchSize: 1,
    microBatchSize: 1,
    learningRate: 1e-4,
    warmupRatio: 0,
    weightDecay: 0,
  });
  const training = scope.get(TRAINER).train({
    model: { ...loaded, encode: () => row },
    data: memoryDataset("the same row", rows),
    recipe,
    seed: 1,
    folder: new URL(`trained-${process.pid}/`, folder),
  });
  for await (const event of training) {
    if (event.type !== "step-end") continue;
    report({ kind: "step", stage: "train", loss: event.loss, milliseconds: event.seconds * 1000 });
    if (event.step === sizes.steps) process.exit(0);
  }
}

async function decode(): Promise<void> {
  const { text, ids } = promptIn(await readFile(new URL("tokenizer.json", folder), "utf8"), sizes.prompt);
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const request = {
      id: "prompt",
      prompt: { kind: "raw", text, beginOfSequence: true } as const,
      images: [],
      maximumNewTokens: sizes.newTokens,
    };
    for await (const { tokens = [], promptLength } of model.generate([request], { details: true })) {
      if (promptLength !== ids.length)
        throw new Error(`the prompt has ${promptLength} tokens here and ${ids.length} on the other side`);
      report({ kind: "decode", milliseconds: performance.now() - start, tokens });
    }
  }
}
