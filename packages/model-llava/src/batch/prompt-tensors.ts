import * as tf from "@tensorflow/tfjs-core";

/** The part of a sequence that one row computes. */
export interface PromptRow {
  /** The symbol at each position: a token id, or a negative number for an image patch (see {@link patchSymbol}). */
  readonly symbols: Int32Array;
  /** Number of positions in the sequence before this part. */
  readonly start: number;
}

/** The inputs of the decoder for prompts, padded on the right to the same length. */
export interface PromptTensors {
  readonly rows: number;
  readonly length: number;
  /** Token ids [rows * length], int32; 0 at images and padding. */
  readonly tokenIds: tf.Tensor1D;
  /** Index of each position in its sequence, [rows * length], int32. */
  readonly positions: tf.Tensor1D;
  /** Absent if no row contains image patches. */
  readonly images?: {
    /** The tower's features [n, vision hidden]. */
    readonly features: tf.Tensor2D;
    /**
     * Index of each position's embedding in the concatenation of token embeddings (rows * length) and features, int32.
     */
    readonly sources: tf.Tensor1D;
  };
}

/** Returns the symbol of a patch: `image` and `patch` count from 0, and each image has `patches` patches. */
export function patchSymbol(image: number, patch: number, patches: number): number {
  return -1 - image * patches - patch;
}

/** Returns the distinct image numbers in `rows`. */
export function imagesIn(rows: readonly PromptRow[], patches: number): readonly number[] {
  const images = new Set<number>();
  for (const { symbols } of rows)
    for (const symbol of symbols) if (symbol < 0) images.add(Math.floor((-1 - symbol) / patches));
  return [...images];
}

export interface PromptTensorsOptions {
  /** Number of rows, including padding rows at the end. */
  readonly rows: number;
  readonly length: number;
  /** Number of positions per image. */
  readonly patches: number;
}

/**
 * Creates the tensors of the given rows. `features` belong to the images of {@link imagesIn}, in the same order;
 * disposing of the result also disposes of `features`.
 */
export function promptTensors(
  given: readonly PromptRow[],
  { rows, length, patches }: PromptTensorsOptions,
  features?: tf.Tensor2D,
): PromptTensors {
  const count = rows * length;
  const tokenIds = new Int32Array(count);
  const positions = Int32Array.from({ length: count }, (_, index) => index % length);
  const sources = Int32Array.from({ length: count }, (_, index) => index);
  const places = new Map(imagesIn(given, patches).map((image, place) => [image, place]));
  for (const [row, { symbols, start }] of given.entries()) {
    const first = row * length;
    for (let index = 0; index < length; index++) positions[first + index] = start + Math.min(index, symbols.length - 1);
    for (const [index, symbol] of symbols.entries()) {
      if (symbol >= 0) {
        tokenIds[first + index] = symbol;
        continue;
      }
      const place = places.get(Math.floor((-1 - symbol) / patches)) ?? 0;
      sources[first + index] = count + place * patches + ((-1 - symbol) % patches);
    }
  }
  return {
    rows,
    length,
    tokenIds: tf.tensor1d(tokenIds, "int32"),
    positions: tf.tensor1d(positions, "int32"),
    ...(features && { images: { features, sources: tf.tensor1d(sources, "int32") } }),
  };
}

export function disposePromptTensors({ tokenIds, positions, images }: PromptTensors): void {
  tf.dispose([tokenIds, positions]);
  if (images) tf.dispose([images.features, images.sources]);
}
