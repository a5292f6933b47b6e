// A user's experiment with packed packages: the user's own dataset plugin, a backbone, a trainer and a benchmark.
import { mkdirSync, writeFileSync } from "node:fs";
import { defineDataset, evaluate, experiment, runExperiment, train } from "@mlan/core";
import { boolq } from "@mlan/data-boolq";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { generation } from "@mlan/eval-generation";
import { vicuna } from "@mlan/model-vicuna";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

const receipts = defineDataset({
  name: "stranger/receipts",
  rows: async () =>
    Array.from({ length: 32 }, (_, index) => ({ id: `receipt-${index}`, shop: `shop ${index}`, total: index })),
  toExample: ({ id, shop, total }) => ({
    id,
    turns: [
      { role: "user", text: `Is the total of ${shop} above 15?` },
      { role: "assistant", text: total > 15 ? "yes" : "no" },
    ],
    images: [],
  }),
});

mkdirSync("boolq", { recursive: true });
const rows = ["red", "blue", "green"].map((color, index) => ({
  question: `is the square ${color}`,
  passage: "There is a red square.",
  answer: index === 0,
}));
writeFileSync("boolq/validation.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
const here = new URL("./", import.meta.url);

const stranger = experiment({
  name: "stranger",
  use: [
    vicuna({ weights: miniCheckpoint("mini-llama2"), visionTower: miniCheckpoint("mini-clip") }),
    cpuTrainer(),
    generation(),
  ],
  stages: [
    train({
      name: "tune",
      data: receipts,
      recipe: instructionTuning({ batchSize: 8, learningRate: 1e-3, groupByModality: false }),
    }),
    evaluate({ name: "tuned", benchmarks: [boolq({ folder: new URL("boolq/", here) })], protocol: "strict" }),
  ],
});

for await (const event of runExperiment(stranger, { folder: new URL("runs/stranger/", here) })) {
  if (event.type !== "run-end") continue;
  const [result] = event.results;
  const [ledger] = event.ledger;
  if (result?.questions !== 3 || ledger?.steps !== 4)
    throw new Error("The run did not take 4 steps and ask 3 questions.");
  console.log(
    `tuned ${ledger.steps} steps, loss ${ledger.firstLoss.toFixed(2)} -> ${ledger.lastLoss.toFixed(2)}, asked ${result.questions} questions`,
  );
}
