// The miniature recipe, with a limited number of steps per stage:
// recipe.js <provider> <steps> <conversations per step> <folder>
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { experiment, runExperiment, train } from "@mlan/core";
import { captions } from "@mlan/data-captions";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { llama2 } from "@mlan/model-llama2";
import { alignment, instructionTuning, trainer } from "@mlan/trainer";
import { report } from "./report-line.ts";

const [provider = "webgpu", steps = "", conversations = "", work = "."] = process.argv.slice(2);
const folder = pathToFileURL(`${work}/`);
const [maximumSteps, batchSize] = [Number(steps), Number(conversations)];
const world = await writeMiniworld(new URL(`miniworld-${provider}/`, folder), { seed: 7 });
/** Longer than any conversation of the world. */
const SHORT = { maximumLength: 256 };

const miniature = experiment({
  name: "miniature",
  seed: 42,
  use: [
    llama2({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") }),
    onnx({ provider: provider === "cpu" ? "cpu" : "webgpu" }),
    trainer(),
  ],
  stages: [
    train({
      name: "align",
      data: captions({ folder: world.captions }),
      recipe: alignment({ maximumSteps, batchSize, microBatchSize: batchSize, learningRate: 2e-3, format: SHORT }),
    }),
    train({
      name: "tune",
      data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
      recipe: instructionTuning({
        maximumSteps,
        batchSize,
        microBatchSize: batchSize,
        learningRate: 5e-4,
        format: SHORT,
      }),
    }),
  ],
});
for await (const happened of runExperiment(miniature, { folder: new URL(`run-${provider}/`, folder), fresh: true })) {
  if (happened.type !== "stage-progress" || happened.event.type !== "step-end") continue;
  const { loss, seconds } = happened.event;
  report({ kind: "step", stage: happened.stage, loss, milliseconds: seconds * 1000 });
}
