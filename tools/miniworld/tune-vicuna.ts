/**
 * Makes checkpoints/mini-vicuna with mlan itself: tunes mini-llama2 on chats of several turns in Vicuna's template.
 * `npx tsx --conditions=@mlan/source tools/miniworld/tune-vicuna.ts [work folder]`
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import { createScope, defineDataset, MODEL, trainableModel, TRAINER } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { z } from "zod";
import { chat } from "./chats.ts";
import { publishLlama } from "./publish-llama.ts";

const SEED = 1;
const STEPS = 150;
const BATCH = 16;
const LEARNING_RATE = 5e-4;

const checkpoints = new URL("../../packages/data-miniworld/checkpoints/", import.meta.url);
const base = new URL("mini-llama2/", checkpoints);
const [workFolder = `${tmpdir()}/mlan-mini-vicuna`] = process.argv.slice(2);
const work = pathToFileURL(`${workFolder}/`);
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });

await using scope = createScope([llama2({ weights: base }), cpuTrainer()]);
const model = trainableModel(await scope.get(MODEL).open({ seed: SEED }));
const data = defineDataset({
  name: "miniworld-chats",
  rows: async () => Array.from({ length: STEPS * BATCH }, (_, index) => chat(SEED, index)),
  toExample: (turns, index) => ({ id: String(index), turns, images: [] }),
  fingerprint: () => `chats ${SEED} ${STEPS * BATCH}`,
});
const recipe = instructionTuning({
  trained: ["language"],
  format: { template: "v1", maximumLength: 320 },
  batchSize: BATCH,
  microBatchSize: BATCH,
  learningRate: LEARNING_RATE,
  groupByModality: false,
  maximumGradientNorm: 1,
});
const curve: unknown[] = [];
for await (const event of scope
  .get(TRAINER)
  .train({ model, data, recipe, seed: SEED, folder: new URL("run/", work) })) {
  if (event.type !== "step-end" || event.step % 10 !== 0) continue;
  curve.push({ step: event.step, loss: Number(event.loss.toFixed(4)) });
  console.log(event.step, event.loss.toFixed(4));
}
const saved = new URL("saved/", work);
await model.save(saved);
await publishLlama(saved, new URL("mini-vicuna/", checkpoints), await sizesOf(base), {
  command: "npx tsx --conditions=@mlan/source tools/miniworld/tune-vicuna.ts",
  seed: SEED,
  base: "mini-llama2",
  steps: STEPS,
  batch: BATCH,
  learningRate: LEARNING_RATE,
  curve,
});

async function sizesOf(folder: URL): Promise<Parameters<typeof publishLlama>[2]> {
  const config = z.object({
    vocab_size: z.int(),
    hidden_size: z.int(),
    intermediate_size: z.int(),
    num_hidden_layers: z.int(),
    num_attention_heads: z.int(),
  });
  const sizes = config.parse(JSON.parse(await readFile(new URL("config.json", folder), "utf8")));
  return {
    vocabulary: sizes.vocab_size,
    hidden: sizes.hidden_size,
    intermediate: sizes.intermediate_size,
    layers: sizes.num_hidden_layers,
    heads: sizes.num_attention_heads,
  };
}
