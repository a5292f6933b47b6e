/**
 * Tunes a tiny LLaVA checkpoint in a separate process, so that it can be killed:
 * `tune.ts <folder with backbone/ and tower/> <folder for checkpoints>`. Prints a line per event.
 */
import { writeSync } from "node:fs";
import { COMPUTE, createScope, TRAINER } from "@mlan/core";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { tinyLlava, yesAndNo } from "./yes-and-no.ts";

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

await using scope = createScope(cpuTrainer({ threads: 2 }));
const trainer = scope.get(TRAINER);
const model = await tinyLlava(checkpoint, scope.get(COMPUTE)).open({ seed: 1 });
const data = yesAndNo(20);
for await (const event of trainer.train({ model, data, recipe, seed: 42, folder: new URL(folder) })) {
  // Synchronous, so that the parent gets every printed line even if this process is killed right after it.
  writeSync(1, event.type === "step-end" ? `step ${event.step} of ${event.steps}: ${event.loss}\n` : `${event.type}\n`);
}
model.dispose();
