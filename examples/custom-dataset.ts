/**
 * A dataset of your own: rows with a schema, a license card and a fingerprint, mixed with a dataset of the paper.
 *
 *   npm run mlan -- run examples/custom-dataset.ts
 *
 * The rows are written to runs/custom-dataset-data here; yours are in a file, a database or behind an API.
 */
import { type Conversation, type Dataset, defineDataset, experiment, fingerprintOf, mix, train } from "@mlan/core";
import { miniCheckpoint, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { z } from "zod";

const folder = new URL("../runs/custom-dataset-data/", import.meta.url);
await mkdir(folder, { recursive: true });
const pairs = ["left right", "above below", "yes no", "red blue", "circle square", "present absent", "one two", "a b"];
const lines = pairs.map((pair) => pair.split(" ")).map(([word, opposite]) => JSON.stringify({ word, opposite }));
await writeFile(new URL("opposites.jsonl", folder), `${lines.join("\n")}\n`);

const row = z.object({ word: z.string().min(1), opposite: z.string().min(1) });

/** `file` has one JSON object per line. Nothing is read before the dataset is opened. */
export function opposites(file: URL): Dataset<Conversation> {
  return defineDataset({
    name: "example/opposites",
    card: {
      source: "https://example.org/opposites",
      license: "CC0-1.0",
      citation: "Examples of mlan, 2026",
      modality: "text",
    },
    // An error names the dataset, and a run is not begun if a row does not have this schema.
    rows: async () =>
      (await readFile(file, "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => row.parse(JSON.parse(line))),
    // A run can be continued only while the fingerprint is the same. By default, it is computed from the rows.
    fingerprint: (rows) => fingerprintOf(["opposites, version 1", rows]),
    toExample: ({ word, opposite }) => ({
      id: word,
      turns: [
        { role: "user", text: `What is the opposite of ${word}?` },
        { role: "assistant", text: opposite },
      ],
      images: [],
    }),
  });
}

const world = await writeMiniworld(new URL("world/", folder), { seed: 7, captions: 1, instructions: 64 });
const language = mlan({ file: new URL("MLAN_mini.json", world.mlan) });
const parts = [
  { data: opposites(new URL("opposites.jsonl", folder)), share: 1 },
  { data: language, share: 7 },
];

export default experiment({
  name: "custom-dataset",
  use: [llama2({ weights: miniCheckpoint("mini-llama2") }), cpuTrainer()],
  stages: [
    train({
      name: "tune",
      data: mix(parts, { total: 64, seed: 1 }),
      recipe: instructionTuning({
        trained: ["language"],
        batchSize: 16,
        microBatchSize: 16,
        learningRate: 5e-4,
        format: { maximumLength: 256 },
      }),
    }),
  ],
});
