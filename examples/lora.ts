/**
 * Tunes a low-rank adapter in place of the language model, and asks the model before and after.
 *
 *   npm run mlan -- run examples/lora.ts
 *   npm run mlan -- export runs/miniworld-lora --to lora-model
 *
 * Each checkpoint holds the adapter alone, in a folder that peft opens; the export is a whole model. With `weightFormat: "int8"`
 * or "int4" the weights under the adapter are rounded (QLoRA).
 */
import { evaluate, experiment, train } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer, instructionTuning, lora } from "@mlan/trainer-cpu";

const world = await writeMiniworld(new URL("../runs/miniworld-data-lora/", import.meta.url), { seed: 7 });
const asked = { benchmarks: [boolq({ folder: world.boolq })], protocol: "strict" } as const;

export default experiment({
  name: "miniworld-lora",
  seed: 42,
  use: [llama2({ weights: miniCheckpoint("mini-llama2") }), cpuTrainer(), generation()],
  stages: [
    evaluate({ name: "before", ...asked }),
    train({
      name: "tune",
      data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
      recipe: instructionTuning({
        adapter: lora({ rank: 8, projector: false }),
        batchSize: 16,
        microBatchSize: 16,
        learningRate: 5e-3,
        maximumSteps: 60,
        format: { maximumLength: 256 },
      }),
    }),
    evaluate({ name: "after", ...asked }),
  ],
});
