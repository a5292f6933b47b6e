/**
 * The recipe of arXiv 2411.10557 on Llama 2 7B, with low-rank adapters on 4-bit weights instead of tuning all weights.
 *
 *   npm run mlan -- plan examples/mlan-7b.ts
 *   npm run mlan -- run examples/mlan-7b.ts
 *
 * The plan prints parameters, memory, disk space, steps and FLOPs before anything large is downloaded. Llama 2 is gated: request access on
 * the Hub, and set `HF_TOKEN`.
 */
import { evaluate, experiment, train } from "@mlan/core";
import { ai2d } from "@mlan/data-ai2d";
import { boolq } from "@mlan/data-boolq";
import { captions } from "@mlan/data-captions";
import { gqa } from "@mlan/data-gqa";
import { hellaswag } from "@mlan/data-hellaswag";
import { mlan } from "@mlan/data-mlan";
import { openbookqa } from "@mlan/data-openbookqa";
import { pope } from "@mlan/data-pope";
import { race } from "@mlan/data-race";
import { realworldqa } from "@mlan/data-realworldqa";
import { scienceqa } from "@mlan/data-scienceqa";
import { generation } from "@mlan/eval-generation";
import { hub } from "@mlan/hub";
import { llama2 } from "@mlan/model-llama2";
import { alignment, cpuTrainer, instructionTuning, lora } from "@mlan/trainer-cpu";

const tower = hub("openai/clip-vit-large-patch14-336", { revision: "ce19dc912ca5cd21c8a653c79e251e808ccabcd1" });
const benchmarks = [race(), openbookqa(), boolq(), hellaswag(), realworldqa(), ai2d(), pope(), gqa(), scienceqa()];

export default experiment({
  name: "mlan-7b",
  use: [
    llama2({ visionTower: tower, weightFormat: "int4" }),
    cpuTrainer({ gradientCheckpointing: true }),
    generation(),
  ],
  stages: [
    train({ name: "align", data: captions(), recipe: alignment({ microBatchSize: 1 }) }),
    evaluate({ name: "aligned", benchmarks, protocol: "paper" }),
    train({
      name: "tune",
      data: mlan(),
      recipe: instructionTuning({
        adapter: lora({ rank: 128, alpha: 256 }),
        learningRate: 2e-4,
        learningRates: { projector: 2e-5 },
        microBatchSize: 1,
      }),
    }),
    evaluate({ name: "tuned", benchmarks, protocol: "paper" }),
  ],
});
