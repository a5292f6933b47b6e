/** Trains an adapter on a checkpoint in a weight format, for ../lora-step.ts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, MODEL, trainableModel } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import { memoryDataset } from "@mlan/testing";
import { createTrainer, instructionTuning, lora } from "@mlan/trainer";
import type { LoraRequest, LoraResult } from "../lora-step.ts";

const weightFormat = process.argv[2] as "float32" | "stored" | "int8" | "int4";
for await (const line of createInterface({ input: process.stdin })) {
  const { folder, threads, rank, length, steps, checkpointing }: LoraRequest = JSON.parse(line);
  await using scope = createScope([
    onnx({ threads }),
    llama2({ weights: pathToFileURL(`${folder}/`), weightFormat, template: "v1" }),
  ]);
  const compute = scope.get(COMPUTE);
  await compute.open();
  const model = trainableModel(await scope.get(MODEL).open());
  const trainer = createTrainer({ name: "lora", compute, gradientCheckpointing: checkpointing });
  // The answer is truncated at the end of the row.
  const answer = Array.from({ length }, () => "tree").join(" ");
  const conversation = {
    id: "long",
    turns: [
      { role: "user", text: "a" },
      { role: "assistant", text: answer },
    ],
    images: [],
  } as const;
  const recipe = instructionTuning({
    adapter: lora({ rank, dropout: 0, projector: false }),
    format: { template: "v1", maximumLength: length },
    batchSize: 1,
    microBatchSize: 1,
    epochs: steps + 1,
    warmupRatio: 0,
    checkpointEvery: steps + 1,
  });
  const scratch = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-lora-"))}/`);
  const run = { model, data: memoryDataset("long", [conversation]), recipe, seed: 1, folder: new URL("run/", scratch) };
  const found: { loss: number; seconds: number; supervised: number }[] = [];
  let peak = 0;
  for await (const event of trainer.train(run)) {
    if (event.type !== "step-end") continue;
    found.push({ loss: event.loss, seconds: event.seconds, supervised: event.counts.supervised });
    peak = process.resourceUsage().maxRSS * 1024;
    // On stderr, because stdout carries the answer.
    console.error(
      `  step ${found.length}: loss ${event.loss.toFixed(4)}, ${event.seconds.toFixed(1)} s, peak ${(peak / 1e9).toFixed(2)} GB`,
    );
  }
  const adapter = model.parameters().filter(({ component }) => component === "adapter");
  await rm(scratch, { recursive: true });
  const result: LoraResult = {
    secondsPerStep: found.slice(1).map(({ seconds }) => seconds),
    losses: found.map(({ loss }) => loss),
    parameters: adapter.reduce((sum, { shape }) => sum + shape.reduce((size, one) => size * one, 1), 0),
    supervised: found[0]?.supervised ?? NaN,
    peak,
  };
  console.log(JSON.stringify(result));
}
