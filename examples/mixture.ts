/** Mostly language and a little vision, on the released data: arXiv 2411.10557 with a dataset of one's own. */
import { evaluate, experiment, mix, train } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { captions } from "@mlan/data-captions";
import { mlan } from "@mlan/data-mlan";
import { pope } from "@mlan/data-pope";
import { generation } from "@mlan/eval-generation";
import { hub } from "@mlan/hub";
import { vicuna } from "@mlan/model-vicuna";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { receipts } from "./receipts.ts";

const here = (path: string): URL => new URL(path, import.meta.url);
const tower = hub("openai/clip-vit-large-patch14-336", { revision: "ce19dc912ca5cd21c8a653c79e251e808ccabcd1" });
const language = { data: mlan(), share: 7 };
const vision = { data: receipts({ folder: here("receipts/"), split: "train" }), share: 1 };
const mixture = mix([language, vision], { total: 80_000, seed: 1 });
const evaluation = { benchmarks: [boolq(), pope()], protocol: "strict" } as const;

export default experiment({
  name: "receipts-12-percent",
  use: [vicuna({ visionTower: tower }), cpuTrainer(), generation()],
  stages: [
    train({ name: "align", data: captions(), recipe: alignment() }),
    evaluate({ name: "aligned", ...evaluation }),
    train({ name: "tune", data: mixture, recipe: instructionTuning() }),
    evaluate({ name: "tuned", ...evaluation }),
  ],
});
