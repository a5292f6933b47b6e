/**
 * The same recipe in miniature through TensorFlow: in bfloat16, with gradient checkpointing, on the first GPU.
 *
 *   npm run mlan -- backend install tensorflow
 *   npm run mlan -- run examples/gpu.ts
 *
 * DEVICE=cpu runs it where there is no GPU.
 */
import { evaluate, experiment, train } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { captions } from "@mlan/data-captions";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { pope } from "@mlan/data-pope";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { alignment, gpuTrainer, instructionTuning } from "@mlan/trainer-gpu";

const world = await writeMiniworld(new URL("../runs/miniworld-data-gpu/", import.meta.url), { seed: 7 });
const benchmarks = [boolq({ folder: world.boolq }), pope({ folder: world.pope })];
/** The world's longest conversation has fewer positions. */
const SHORT = { maximumLength: 256 };

export default experiment({
  name: "miniworld-gpu",
  seed: 42,
  use: [
    llama2({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") }),
    gpuTrainer({
      device: process.env["DEVICE"] === "cpu" ? "cpu" : "gpu",
      precision: "bfloat16",
      gradientCheckpointing: true,
    }),
    generation(),
  ],
  stages: [
    train({
      name: "align",
      data: captions({ folder: world.captions }),
      recipe: alignment({ epochs: 8, batchSize: 32, learningRate: 2e-3, format: SHORT }),
    }),
    train({
      name: "tune",
      data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
      recipe: instructionTuning({ batchSize: 16, microBatchSize: 16, learningRate: 5e-4, format: SHORT }),
    }),
    evaluate({ name: "tuned", benchmarks, protocol: "strict" }),
  ],
});
