/**
 * Tunes a tiny LLaVA checkpoint as a process of its own, so that it can be killed:
 * `tune.ts <folder with backbone/ and tower/> <folder for checkpoints>`. Prints a line per event.
 */
import { writeSync } from "node:fs";
import { type Conversation, createScope, type ImageReference, TRAINER } from "@mlan/core";
import { createLlavaSource } from "@mlan/model-llava";
import { memoryDataset } from "@mlan/testing";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

const [checkpoint = "", folder = ""] = process.argv.slice(2);

const recipe = instructionTuning({
  format: { maximumLength: 256 },
  batchSize: 4,
  microBatchSize: 2,
  epochs: 3,
  learningRate: 1e-2,
  weightDecay: 0.01,
  checkpointEvery: 2,
});

const conversations = Array.from({ length: 20 }, (_, index): Conversation => {
  const seen = index % 4 === 0;
  return {
    id: `sum-${index}`,
    turns: [
      { role: "user", text: `${seen ? "<image>\n" : ""}${"the ".repeat(index % 3)}yes or no?` },
      { role: "assistant", text: index % 2 === 0 ? "yes" : "no no" },
    ],
    images: seen ? [picture(index)] : [],
  };
});

await using scope = createScope([cpuTrainer({ threads: 2 })]);
const trainer = scope.get(TRAINER);
const source = createLlavaSource({
  name: "tiny",
  untunedFamily: "vicuna-base",
  weights: new URL("backbone/", checkpoint),
  visionTower: new URL("tower/", checkpoint),
});
const model = await source.open({ seed: 1 });
const data = memoryDataset("yes-and-no", conversations);
for await (const event of trainer.train({ model, data, recipe, seed: 42, folder: new URL(folder) })) {
  // Synchronous: a line that was printed is known to the parent even when this process is killed at once.
  writeSync(1, event.type === "step-end" ? `step ${event.step} of ${event.steps}: ${event.loss}\n` : `${event.type}\n`);
}
model.dispose();

function picture(index: number): ImageReference {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" style="background: hsl(${index * 18} 100% 50%)"/>`;
  return { name: `${index}.svg`, read: async () => new TextEncoder().encode(svg) };
}
