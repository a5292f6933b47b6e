/**
 * The question of arXiv 2411.10557 in miniature: does tuning on language alone teach a model to follow instructions about
 * images? A frozen vision tower is aligned to a language model by captions; then four arms are compared on nine benchmarks
 * that none of them was tuned on, each tuned on equally many conversations. Everything is generated or shipped; nothing is
 * downloaded.
 *
 * Run it with `npm start`. Results, costs and checkpoints go to runs/miniworld.
 */
import { evaluate, train } from "@mlan/core";
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
import { study } from "@mlan/study";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

const world = await writeMiniworld(new URL("../runs/miniworld-data/", import.meta.url), {
  seed: 7,
  boolqQuestions: 200,
  hellaswagSources: 100,
  realworldqaImages: 201,
  ai2dImages: 68,
  popeImages: 50,
});
/** The world's longest conversation has fewer positions. */
const format = { maximumLength: 384 };

const align = train({
  name: "align",
  data: captions({ folder: world.captions }),
  recipe: alignment({ epochs: 4, batchSize: 32, learningRate: 4e-3, format, checkpointEvery: 200 }),
});
const recipe = instructionTuning({
  batchSize: 8,
  microBatchSize: 8,
  learningRate: 1e-3,
  format,
  checkpointEvery: 200,
});
const test = evaluate({
  name: "test",
  benchmarks: [
    race({ folder: world.race }),
    openbookqa({ folder: world.openbookqa }),
    boolq({ folder: world.boolq }),
    hellaswag({ folder: world.hellaswag }),
    realworldqa({ folder: world.realworldqa }),
    ai2d({ folder: world.ai2d }),
    pope({ folder: world.pope }),
    gqa({ folder: world.gqa }),
    scienceqa({ folder: world.scienceqa }),
  ],
  protocol: "strict",
});

export default study({
  name: "miniworld",
  models: { llama2: llama2({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") }) },
  use: [cpuTrainer(), generation()],
  /** What each arm is tuned on: nothing, language only, 87.5% language, images only. */
  arms: { base: undefined, mlan: "MLAN_mini.json", "mlan-v": "MLAN_v_mini.json", vision: "vision_mini.json" },
  stages(file) {
    if (file === undefined) return [align, test];
    return [align, train({ name: "tune", data: mlan({ file: new URL(file, world.mlan) }), recipe }), test];
  },
});
