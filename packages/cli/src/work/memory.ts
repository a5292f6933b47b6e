import { counted } from "@mlan/core";
import { type TextColumn, textTable } from "@mlan/eval-kit";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { TrainingMemory, TrainingMemoryOptions } from "@mlan/model-llava";
import { pathAt } from "../project/folders.ts";
import { count } from "../terminal/format-number.ts";
import { importModelLlava } from "../project/import-model-llava.ts";

export interface MemoryOptions {
  /** A checkpoint's `config.json`. Default: the sizes of Llama 2 7B and CLIP ViT-L/14-336. */
  readonly config?: string;
  readonly rows: number;
  readonly length: number;
  readonly images: number;
  readonly microBatches: number;
  /** Rank of a low-rank adapter of all linear maps of the language model, which learns in place of it. Default: none. */
  readonly adapterRank?: number;
  /** How the language model's matrices are kept while they are frozen. */
  readonly weightFormat: NonNullable<TrainingMemoryOptions["weightFormat"]>;
  /** Precision of the optimiser's moments. */
  readonly momentPrecision: NonNullable<TrainingMemoryOptions["momentPrecision"]>;
  /** Memory of the GPU, in GB of 10^9 bytes. */
  readonly memory: number;
}

const GB = 1e9;

/** Share of the GPU's memory that must stay free for fragmentation, kernel workspace, and libraries. */
const RESERVE = 0.05;

const COLUMNS: readonly TextColumn[] = [
  { title: "trained", align: "left", key: true },
  { title: "precision", align: "left", key: true },
  { title: "checkpointing", align: "left", key: true },
  { title: "weights", align: "right" },
  { title: "master", align: "right" },
  { title: "gradients", align: "right" },
  { title: "moments", align: "right" },
  { title: "activations", align: "right" },
  { title: "logits", align: "right" },
  { title: "working", align: "right" },
  { title: "total", align: "right" },
  { title: "fits", align: "left" },
];

/** Returns the table of the memory that training needs, by trained components, precision and gradient checkpointing. */
export async function memoryLines(options: MemoryOptions, width: number): Promise<readonly string[]> {
  const { config, rows, length, images, microBatches, memory, adapterRank, weightFormat, momentPrecision } = options;
  const { LLAVA_7B, modelSizes, predictTrainingMemory } = await importModelLlava();
  const sizes = config === undefined ? LLAVA_7B : await modelSizes(pathToFileURL(resolve(pathAt(config))));
  const adapter = adapterRank === undefined ? undefined : loraOf(adapterRank);
  const batch = { rows, length, images, microBatches };
  const table = trainedComponents(options).flatMap((trained) =>
    // Backends that compute in bfloat16 have no other formats of weights.
    (weightFormat === "float32" ? (["float32", "bfloat16"] as const) : (["float32"] as const)).flatMap((precision) =>
      [false, true].map((gradientCheckpointing) => {
        const predicted = predictTrainingMemory({
          ...sizes,
          ...batch,
          trained,
          precision,
          gradientCheckpointing,
          weightFormat,
          momentPrecision,
          ...(adapter && { adapter }),
        });
        const fits = predicted.total <= memory * GB * (1 - RESERVE);
        return [
          trained.join(", "),
          precision,
          gradientCheckpointing ? "yes" : "no",
          ...cells(predicted),
          yesOrNo(fits),
        ];
      }),
    ),
  );
  const { layers, hiddenSize, vocabularySize } = sizes.language;
  return [
    `Peak memory of training in GB (10^9 bytes): ${counted(layers, "layer")}, hidden size ${count(hiddenSize)}, vocabulary ${count(vocabularySize)}`,
    ...(adapterRank === undefined
      ? []
      : [`A low-rank adapter of rank ${count(adapterRank)} learns in place of the language model.`]),
    ...(weightFormat === "float32" ? [] : [`The language model's frozen weights are kept as ${weightFormat}.`]),
    ...(momentPrecision === "float32" ? [] : [`The optimiser's moments are kept in ${momentPrecision}.`]),
    `Micro-batches per step: ${microBatches}; conversations in each: ${rows}, of at most ${count(length)} tokens, with ${counted(images, "image")} in total`,
    "",
    ...textTable({ columns: COLUMNS, rows: table }, width),
    "",
    `"fits" means that ${RESERVE * 100} % of ${memory} GB stay free for fragmentation, kernel workspace, and libraries.`,
    "Each column shows the memory in use when the total is at its peak, which may be less than the column's own peak.",
  ];
}

function loraOf(rank: number): NonNullable<TrainingMemoryOptions["adapter"]> {
  return { rank, alpha: 2 * rank, dropout: 0.05, rankStabilized: false };
}

/** Returns the choices of components that can be trained; weights in fewer bits stay frozen. */
function trainedComponents({ adapterRank, weightFormat }: MemoryOptions): readonly TrainingMemoryOptions["trained"][] {
  if (adapterRank !== undefined) return [["adapter"], ["adapter", "projector"]];
  return weightFormat === "float32" ? [["projector"], ["language", "projector"]] : [["projector"]];
}

function cells(memory: TrainingMemory): readonly string[] {
  const { weights, masterWeights, gradients, moments, activations, logits, working, total } = memory;
  return [weights, masterWeights, gradients, moments, activations, logits, working, total].map((bytes) =>
    (bytes / GB).toFixed(2),
  );
}

function yesOrNo(value: boolean): string {
  return value ? "yes" : "no";
}
