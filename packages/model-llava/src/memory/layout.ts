import { scoresAtOnce } from "@mlan/fused-ops";
import { powerOfTwo, selectionBucket } from "../batch/shape-buckets.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import { positionsAtOnce } from "../network/token-losses.ts";

export type TrainingPrecision = "float32" | "bfloat16";

/** Numbers of elements of the tensors in a training step, and bytes per element. */
export interface Layout {
  /** Hidden states [rows * length, hidden]. */
  readonly hidden: number;
  /** Queries [rows, heads, length, dimension]. */
  readonly queries: number;
  /** Keys [rows, keyValueHeads, length, dimension]. Values have the same number of elements. */
  readonly keys: number;
  /** Inner activations of the MLP [rows * length, intermediate]. */
  readonly inner: number;
  /** Attention scores [rows, heads, length, length]. */
  readonly scores: number;
  /** Maximum number of scores in memory at a time. It is less than `scores` if attention is computed in blocks. */
  readonly scoresAtOnce: number;
  readonly positions: number;
  /** Number of positions that pass through the output layer, with the padding of {@link selection}. */
  readonly supervised: number;
  /** Hidden states [supervised, hidden] of the positions that pass through the output layer. */
  readonly selected: number;
  /** Logits [supervised, vocabulary]. */
  readonly logits: number;
  /** Maximum number of logits in memory at a time. It is less than `logits` if they are computed in blocks. */
  readonly logitsAtOnce: number;
  /**
   * Patch features [images * patches, vision hidden], with the number of images padded to a power of two; 0 without
   * images.
   */
  readonly features: number;
  /** Embeddings of the patches [images * patches, hidden]. */
  readonly embedded: number;
  /** Bytes per element of float32 results, such as sums, differences and gradients of norms. */
  readonly full: number;
  /** Bytes per element of results of matrix products, softmax, norms and rotations in the chosen precision. */
  readonly half: number;
  /**
   * Bytes per element of the float32 copy that a float32 operation makes of a 16-bit tensor; 0 if all tensors are
   * float32.
   */
  readonly widened: number;
  /** Bytes per element of the 16-bit copy of a float32 tensor for a matrix product; 0 in float32. */
  readonly narrowed: number;
}

export interface LayoutOptions {
  readonly language: LanguageConfig;
  readonly vision?: VisionConfig | undefined;
  readonly rows: number;
  readonly length: number;
  readonly images: number;
  readonly supervised: number;
  readonly precision: TrainingPrecision;
}

export function layoutOf(options: LayoutOptions): Layout {
  const { language, vision, rows, length, images, precision } = options;
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize, vocabularySize } = language;
  const positions = rows * length;
  const supervised = selectionBucket(options.supervised, positions);
  const patches = vision && images > 0 ? powerOfTwo(images) * patchesPerImage(vision) : 0;
  const mixed = precision === "bfloat16";
  return {
    positions,
    hidden: positions * hiddenSize,
    queries: positions * heads * headDimension,
    keys: positions * keyValueHeads * headDimension,
    inner: positions * intermediateSize,
    scores: rows * heads * length ** 2,
    scoresAtOnce: scoresAtOnce({
      rows,
      keyValueHeads,
      group: heads / keyValueHeads,
      length,
      positions: length,
    }),
    supervised,
    selected: supervised * hiddenSize,
    logits: supervised * vocabularySize,
    logitsAtOnce: positionsHeld(supervised, vocabularySize) * vocabularySize,
    features: patches * (vision?.hiddenSize ?? 0),
    embedded: patches * hiddenSize,
    full: 4,
    half: mixed ? 2 : 4,
    widened: mixed ? 4 : 0,
    narrowed: mixed ? 2 : 0,
  };
}

/**
 * Returns the number of positions per block when `supervised` positions pass through the output layer in equal blocks.
 */
function positionsHeld(supervised: number, vocabularySize: number): number {
  return Math.ceil(supervised / Math.max(1, Math.ceil(supervised / positionsAtOnce(vocabularySize))));
}
