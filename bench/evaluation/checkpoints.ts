import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { miniCheckpoint } from "@mlan/data-miniworld";
import type { Configuration } from "../checkpoint/configuration.ts";
import { llamaConfig } from "../checkpoint/random-checkpoint.ts";
import { writeRandomWeights } from "../checkpoint/weights.ts";
import { inventedPieces } from "./invented-tokenizer.ts";

/** A Llama checkpoint in Hugging Face layout. */
export interface BenchCheckpoint {
  readonly description: string;
  readonly folder: URL;
  /** The pieces of its tokenizer. */
  readonly pieces: readonly string[];
}

export type CheckpointName = "mini" | "23m";

/** Long enough for every row. lm-eval measures its batch size with this length. */
const POSITIONS = 1024;

/** Writes a checkpoint below `parent`. The folder's URL ends in a slash. */
export async function writeCheckpoint(name: CheckpointName, parent: URL): Promise<BenchCheckpoint> {
  const folder = new URL(`${name}/`, parent);
  await mkdir(folder, { recursive: true });
  return name === "mini" ? writeMini(folder) : writeRandom(folder);
}

/** The trained checkpoint of the project. Its rotary positions work beyond the length in its configuration. */
async function writeMini(folder: URL): Promise<BenchCheckpoint> {
  const shipped = miniCheckpoint("mini-llama2");
  for (const file of ["model.safetensors", "tokenizer.json", "tokenizer_config.json"])
    await copyFile(new URL(file, shipped), new URL(file, folder));
  const config = JSON.parse(await readFile(new URL("config.json", shipped), "utf8"));
  await writeJson(new URL("config.json", folder), { ...config, max_position_embeddings: POSITIONS });
  const tokenizer = JSON.parse(await readFile(new URL("tokenizer.json", shipped), "utf8"));
  const pieces = Object.keys(tokenizer.model.vocab);
  return { description: `mini-llama2, 1 M parameters, ${pieces.length} pieces`, folder, pieces };
}

/** Most of its parameters are embeddings, as in every Llama of this size with a vocabulary of 32,000. */
const RANDOM: Configuration = {
  name: "23 M",
  hiddenSize: 256,
  intermediateSize: 688,
  layers: 8,
  heads: 4,
  vocabularySize: 32_000,
  tiedEmbeddings: false,
  rows: 0,
  length: 0,
  supervisedShare: 0,
};

async function writeRandom(folder: URL): Promise<BenchCheckpoint> {
  const shipped = miniCheckpoint("mini-llama2");
  await copyFile(new URL("tokenizer_config.json", shipped), new URL("tokenizer_config.json", folder));
  const tokenizer = JSON.parse(await readFile(new URL("tokenizer.json", shipped), "utf8"));
  // By id: digits come first among an object's keys.
  const all = Object.entries<number>(tokenizer.model.vocab).toSorted(([, one], [, other]) => one - other);
  const first = all.slice(0, 3 + 256).map(([piece]) => piece); // special tokens and bytes
  const { pieces, merges } = inventedPieces(RANDOM.vocabularySize - first.length);
  const vocab = Object.fromEntries([...first, ...pieces].map((piece, id) => [piece, id]));
  await writeJson(new URL("tokenizer.json", folder), { ...tokenizer, model: { ...tokenizer.model, vocab, merges } });
  await writeJson(new URL("config.json", folder), llamaConfig(RANDOM, POSITIONS));
  await writeRandomWeights(new URL("model.safetensors", folder), RANDOM);
  return { description: "random Llama, 23 M parameters, 32,000 invented pieces", folder, pieces };
}

function writeJson(file: URL, value: unknown): Promise<void> {
  return writeFile(file, JSON.stringify(value));
}
