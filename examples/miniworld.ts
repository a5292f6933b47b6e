/**
 * The recipe of arXiv 2411.10557 in miniature: align a frozen vision tower to a language model by captions, tune on
 * language only, and ask the model before and after. Everything is generated or shipped; nothing is downloaded.
 *
 * Run it with `npm start`. Results, costs and checkpoints go to runs/miniworld.
 */
import { evaluate, experiment, train } from "@mlan/core";
import { ai2d } from "@mlan/data-ai2d";
import { boolq } from "@mlan/data-boolq";
import { captions } from "@mlan/data-captions";
import { gqa } from "@mlan/data-gqa";
import { hellaswag } from "@mlan/data-hellaswag";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { openbookqa } from "@mlan/data-openbookqa";
import { pope } from "@mlan/data-pope";
import { race } from "@mlan/data-race";
import { realworldqa } from "@mlan/data-realworldqa";
import { scienceqa } from "@mlan/data-scienceqa";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

const world = await writeMiniworld(new URL("../runs/miniworld-data/", import.meta.url), {
  seed: 7,
  raceArticles: 100,
  openbookqaQuestions: 100,
  hellaswagSources: 50,
  realworldqaImages: 100,
  ai2dImages: 34,
  gqaImages: 25,
  scienceqaImages: 25,
});
/** The world's longest conversation has fewer positions. */
const SHORT = { maximumLength: 256 };
const benchmarks = [
  race({ folder: world.race }),
  openbookqa({ folder: world.openbookqa }),
  boolq({ folder: world.boolq }),
  hellaswag({ folder: world.hellaswag }),
  realworldqa({ folder: world.realworldqa }),
  ai2d({ folder: world.ai2d }),
  pope({ folder: world.pope }),
  gqa({ folder: world.gqa }),
  scienceqa({ folder: world.scienceqa }),
];

export default experiment({
  name: "miniworld",
  seed: 42,
  use: [
    llama2({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") }),
    cpuTrainer(),
    generation(),
  ],
  stages: [
    train({
      name: "align",
      data: captions({ folder: world.captions }),
      recipe: alignment({ epochs: 8, batchSize: 32, learningRate: 2e-3, format: SHORT, checkpointEvery: 50 }),
    }),
    evaluate({ name: "aligned", benchmarks, protocol: "strict" }),
    train({
      name: "tune",
      data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
      recipe: instructionTuning({
        batchSize: 16,
        microBatchSize: 16,
        learningRate: 5e-4,
        format: SHORT,
        checkpointEvery: 50,
      }),
    }),
    evaluate({ name: "tuned", benchmarks, protocol: "strict" }),
  ],
});
