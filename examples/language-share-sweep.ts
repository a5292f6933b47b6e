/**
 * How much of the tuning data should be language? The same number of instructions with six shares of language, each with
 * three seeds, on nine benchmarks. The alignment and the evaluation before tuning run once per seed.
 *
 *   npm run mlan -- run examples/language-share-sweep.ts --dry-run
 *   npm run mlan -- run examples/language-share-sweep.ts --parallel 2
 *
 * Everything is in miniature, generated or shipped; nothing is downloaded.
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
import { study } from "@mlan/study";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

const INSTRUCTIONS = 3200;
const options = { seed: 7, instructions: INSTRUCTIONS, visionShare: 1 };
const world = await writeMiniworld(new URL("../runs/language-share-data/", import.meta.url), options);
const language = mlan({ file: new URL("MLAN_mini.json", world.mlan) });
const vision = mlan({ file: new URL("MLAN_v_mini.json", world.mlan) });
/** The world's longest conversation has fewer positions. */
const format = { maximumLength: 384 };
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
const align = train({
  name: "align",
  data: captions({ folder: world.captions }),
  recipe: alignment({ epochs: 8, batchSize: 32, learningRate: 2e-3, format }),
});
const test = evaluate({ name: "test", benchmarks, protocol: "strict" });

export default study({
  name: "language-share",
  models: { llama2: llama2({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") }) },
  use: [cpuTrainer(), generation()],
  seeds: [1, 2, 3],
  arms: {
    base: undefined,
    "language-0": 0,
    "language-6": 6.25,
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
    const data = mix(parts, { total: INSTRUCTIONS, seed });
    const recipe = instructionTuning({ batchSize: 16, microBatchSize: 16, learningRate: 5e-4, format });
    return [align, train({ name: "tune", data, recipe }), test];
  },
});
