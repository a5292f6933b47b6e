/**
 * The run that is killed: both trainings and both evaluations of the recipe on a small world, with a checkpoint every few steps.
 *   small-run.ts WORLD RUN
 * Prints "begun" when the first stage begins, and "done" at the end.
 */
import { evaluate, experiment, MlanError, runExperiment, train } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { captions } from "@mlan/data-captions";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { pope } from "@mlan/data-pope";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { pathToFileURL } from "node:url";

const [worldPath = "", runPath = ""] = process.argv.slice(2);
const world = await writeMiniworld(pathToFileURL(`${worldPath}/`), {
  seed: 7,
  captions: 160,
  instructions: 64,
  boolqQuestions: 24,
  popeImages: 6,
});
const benchmarks = [boolq({ folder: world.boolq }), pope({ folder: world.pope })];
const format = { maximumLength: 256 };
const pace = { batchSize: 8, microBatchSize: 8, format, checkpointEvery: 4 };

const run = experiment({
  name: "small-run",
  use: [
    llama2({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") }),
    // One thread, so that sums have the same order on every machine.
    cpuTrainer({ threads: 1 }),
    generation(),
  ],
  stages: [
    train({ name: "align", data: captions({ folder: world.captions }), recipe: alignment(pace) }),
    evaluate({ name: "aligned", benchmarks, protocol: "strict" }),
    train({
      name: "tune",
      data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
      recipe: instructionTuning({ ...pace, learningRate: 5e-4 }),
    }),
    evaluate({ name: "tuned", benchmarks, protocol: "strict" }),
  ],
});

try {
  for await (const event of runExperiment(run, { folder: runPath })) {
    if (event.type === "stage-start" && event.index === 0) console.log("begun");
  }
  console.log("done");
} catch (error) {
  console.log(error instanceof MlanError ? `refused: ${error.message}` : `crashed: ${String(error)}`);
  process.exitCode = 1;
}
