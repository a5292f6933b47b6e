import type { ModuleSizes } from "../adapter/adapter-modules.ts";
import { parametersOf } from "../adapter/new-adapter.ts";
import { lengthBucket, powerOfTwo, rowBucket } from "../batch/shape-buckets.ts";
import { LARGEST_PACKED, MANY_STEPS } from "../network/answer-functions.ts";
import { declareNetwork, type NetworkSizes } from "../network/llava-network.ts";
import { languageParameters } from "../weights/parts.ts";
import type { Weight } from "../weights/weight.ts";
import { isQuantized, isQuantizedFormat, type WeightFormat } from "../weights/weight-format.ts";
import { weightList } from "../weights/weight-list.ts";
import { towerLayer } from "./input-memory.ts";
import { layoutOf } from "./layout.ts";
import { weightBytes } from "./weight-bytes.ts";

export interface AnsweringMemoryOptions extends NetworkSizes {
  readonly weightFormat: WeightFormat;
  /** Returns whether a weight has 16 bits per value in its file. */
  readonly hasHalf: (weight: Weight) => boolean;
  readonly rows: number;
  readonly length: number;
  readonly images: number;
  readonly newTokens: number;
  /** The updates of an adapter that is not merged. */
  readonly modules: readonly ModuleSizes[];
}

/** Bytes in use at the peak of answering a batch. */
export interface AnsweringMemory {
  readonly weights: number;
  /** Keys and values of the prompts and of the answers. */
  readonly cache: number;
  /**
   * Hidden states, and the temporary tensors of one layer, while the prompts are processed; or the packed copy of the
   * weights for the steps of an answer, if it is larger.
   */
  readonly working: number;
  readonly logits: number;
  readonly total: number;
}

/** Predicts the bytes of all tensors when a batch of prompts with equal lengths is answered. */
export function predictAnsweringMemory(options: AnsweringMemoryOptions): AnsweringMemory {
  const { architecture, language, vision, weightFormat: format, hasHalf, newTokens, modules, images } = options;
  const list = weightList();
  const { decoder } = declareNetwork({ architecture, language, vision }, list);
  const rows = rowBucket(options.rows);
  const length = Math.min(lengthBucket(options.length, languageParameters(list.weights)), language.maximumPositions);
  const bytes = list.weights.map((weight) => weightBytes(weight, { format, hasHalf: hasHalf(weight), packed: true }));
  const weights = bytes.reduce((sum, one) => sum + one, 0) + 4 * parametersOf(modules);
  const { layers, keyValueHeads, headDimension, vocabularySize } = language;
  const cache = 2 * 4 * layers * rows * keyValueHeads * headDimension * (length + newTokens);
  const layout = layoutOf({
    language,
    vision: vision?.config,
    rows,
    length,
    images,
    supervised: rows,
    precision: "float32",
  });
  const { hidden, queries, keys, inner, scoresAtOnce, full } = layout;
  const attention = hidden * 3 + queries * 3 + keys * 4 + scoresAtOnce * 2;
  const mlp = hidden * 4 + inner * 3;
  const tower = vision && images > 0 ? towerLayer(layout, vision.config) : 0;
  const widened = Math.max(0, ...list.weights.map((weight) => widenedBytes(weight, format)));
  const prompt = Math.max(tower, Math.max(attention, mlp) * full + widened);
  const working = Math.max(prompt, packedBytes(list.weights, decoder.embedding, options));
  const logits = 2 * 4 * powerOfTwo(rows) * vocabularySize;
  return { weights, cache, working, logits, total: weights + cache + working + logits };
}

/**
 * Returns the bytes of the language model's float32 matrices, which `onnx` packs for many steps with few rows; 0 if they
 * are not packed. An embedding is packed only if it is the output layer too.
 */
function packedBytes(weights: readonly Weight[], embedding: Weight, options: AnsweringMemoryOptions): number {
  const { weightFormat: format, hasHalf, newTokens, language } = options;
  const isFull = (weight: Weight): boolean =>
    weight.component === "language" && weightBytes(weight, { format, hasHalf: hasHalf(weight) }) === 4 * weight.size;
  const full = weights.filter(isFull);
  const sizeOf = (some: readonly Weight[]): number => some.reduce((sum, { size }) => sum + 4 * size, 0);
  if (newTokens < MANY_STEPS || sizeOf(full) > LARGEST_PACKED) return 0;
  return sizeOf(full.filter((weight) => weight.shape.length > 1 && (language.tiedEmbeddings || weight !== embedding)));
}

/** Number of values of a 16-bit matrix that a product converts at a time. */
const CONVERTED = 2 ** 20;

/** Returns the bytes of the float32 values that a product with a 16-bit matrix holds. */
function widenedBytes(weight: Weight, format: WeightFormat): number {
  const isWidened = format !== "float32" && !isQuantizedFormat(format) && isQuantized(weight);
  return isWidened ? 4 * Math.min(weight.size, CONVERTED) : 0;
}
