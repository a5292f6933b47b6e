import { type AdapterOptions, counted } from "@mlan/core";
import { type TextColumn, textTable } from "@mlan/eval-kit";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { TrainingMemory, TrainingMemoryOptions } from "@mlan/model-llava";
import { pathAt } from "../project/folders.ts";
import { count } from "@mlan/run-view";
import { importModelLlava } from "../project/import-model-llava.ts";

export interface MemoryOptions {
  /** The path of a checkpoint's `config.json`. Default: the sizes of Llama 2 7B and CLIP ViT-L/14-336. */
  readonly config?: string;
  readonly rows: number;
  readonly length: number;
  readonly images: number;
  readonly microBatches: number;
  /** Rank of the low-rank adapter; used in the rows of the table in which an adapter is trained. */
  readonly rank: number;
  /** Format of the language model's frozen weights. */
  readonly weightFormat: NonNullable<TrainingMemoryOptions["weightFormat"]>;
  readonly momentPrecision: NonNullable<TrainingMemoryOptions["momentPrecision"]>;
  /** Memory of the GPU in GB (10^9 bytes). */
  readonly memory: number;
}

const GB = 1e9;

/** Share of the GPU's memory that must stay free for fragmentation, kernel workspace, and libraries. */
const RESERVE = 0.05;

/** The components that are trained together. Quantized weights stay frozen. */
const CHOICES = [["projector"], ["adapter", "projector"], ["language", "projector"]] as const;

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
  const { config, rows, length, images, microBatches, rank, memory, weightFormat, momentPrecision } = options;
  const { LLAVA_7B, modelSizes, predictTrainingMemory } = await importModelLlava();
  const sizes = config === undefined ? LLAVA_7B : await modelSizes(pathToFileURL(resolve(pathAt(config))));
  // Only onnx has these formats, and it keeps memory for gradients from step to step.
  const keepsGradients = weightFormat !== "float32" || momentPrecision !== "float32";
  const table = CHOICES.filter((trained) => weightFormat === "float32" || trained[0] !== "language").flatMap(
    (trained) =>
      // A backend that computes in bfloat16 supports no other weight formats.
      (["float32", "bfloat16"] as const).slice(0, weightFormat === "float32" ? 2 : 1).flatMap((precision) =>
        [false, true].map((gradientCheckpointing) => {
          const batch = { rows, length, images, microBatches };
          const predicted = predictTrainingMemory({
            ...sizes,
            ...batch,
            trained,
            ...(trained[0] === "adapter" && { adapter: adapterOf(rank) }),
            precision,
            gradientCheckpointing,
            weightFormat,
            momentPrecision,
            keepsGradients,
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
    ...(weightFormat === "float32"
      ? []
      : [`Frozen weights of the language model: ${weightFormat} (only on the onnx backend)`]),
    ...(momentPrecision === "float32" ? [] : [`AdamW's moments: ${momentPrecision}`]),
    `Adapter: rank ${rank}, on all linear maps of the language model except its output layer`,
    `Micro-batches per step: ${microBatches}; conversations in each: ${rows}, of at most ${count(length)} tokens, with ${counted(images, "image")} in total`,
    "",
    ...textTable({ columns: COLUMNS, rows: table }, width),
    "",
    `"fits" means that ${RESERVE * 100} % of ${memory} GB stay free for fragmentation, kernel workspace, and libraries.`,
    "Each column shows the memory in use when the total is at its peak, which may be less than the column's own peak.",
  ];
}

/** Returns the adapter's options in LLaVA's `finetune_lora.sh`, but with the given rank. */
function adapterOf(rank: number): AdapterOptions {
  return { rank, alpha: 2 * rank, dropout: 0.05, rankStabilized: false };
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
