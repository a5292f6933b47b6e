/**
 * The study of arXiv 2411.10557 in miniature: how much of the tuning data should be language? Two backbones are tuned on
 * equally many conversations with six shares of language, each with three seeds, and answer nine benchmarks.
 *
 * `npm run study` runs it and prints the address of its page; `npm run study -- --dry-run` prints what it needs.
 * Everything is generated or shipped; nothing is downloaded.
 */
import { evaluate, mix, train } from "@mlan/core";
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
import { vicuna } from "@mlan/model-vicuna";
import { study } from "@mlan/study";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

/**
 * 6 alignments of 400 steps, 36 tunings of 300 steps and 42 evaluations of 1,801 questions took 96 minutes of processor
 * time, that is 50 minutes on two cores.
 */
const INSTRUCTIONS = 2400;
const world = await writeMiniworld(new URL("../runs/language-share-data/", import.meta.url), {
  seed: 7,
  instructions: INSTRUCTIONS,
  boolqQuestions: 200,
  realworldqaImages: 200,
  ai2dImages: 67,
  popeImages: 50,
});
const language = mlan({ file: new URL("MLAN_mini.json", world.mlan) });
const vision = mlan({ file: new URL("vision_mini.json", world.mlan) });
/** The world's longest conversation has fewer positions. */
const format = { maximumLength: 384 };

const align = train({
  name: "align",
  data: captions({ folder: world.captions }),
  recipe: alignment({ epochs: 4, batchSize: 32, learningRate: 4e-3, format }),
});
const recipe = instructionTuning({ batchSize: 8, microBatchSize: 8, learningRate: 1e-3, format });
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
const visionTower = miniCheckpoint("mini-clip");

export default study({
  name: "language-share",
  models: {
    llama2: llama2({ weights: miniCheckpoint("mini-llama2"), visionTower }),
    vicuna: vicuna({ weights: miniCheckpoint("mini-vicuna"), visionTower }),
  },
  use: [cpuTrainer(), generation()],
  seeds: [1, 2, 3],
  /** The share of language in % of the conversations; the base is not tuned. */
  arms: {
    base: undefined,
    "language-0": 0,
    "language-6": 6,
    "language-25": 25,
    "language-50": 50,
    "language-87.5": 87.5,
    "language-100": 100,
  },
  stages: (share, { seed }) => {
    if (share === undefined) return [align, test];
    const parts = [
      { data: language, share },
      { data: vision, share: 100 - share },
    ];
    return [align, train({ name: "tune", data: mix(parts, { total: INSTRUCTIONS, seed }), recipe }), test];
  },
});
