import { counted, type ImageReference, MlanError } from "@mlan/core";
import { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "../tokens.ts";

/** A row of a batch before images replace placeholders. */
export interface SpliceRow {
  readonly id: string;
  readonly inputIds: ArrayLike<number>;
  /** One label per element of `inputIds`; absent if nothing is supervised. */
  readonly labels?: ArrayLike<number>;
  readonly images: readonly ImageReference[];
  /** Number of positions to which the row is truncated after images are inserted. */
  readonly length: number;
}

/** Rows as flat arrays of `rows * length` positions, padded on the right. */
export interface Splice {
  readonly rows: number;
  readonly length: number;
  /** Token ids; 0 at image positions and padding. */
  readonly tokenIds: Int32Array;
  /** Labels; -100 at positions without supervision, including all image positions. */
  readonly labels: Int32Array;
  /** Distinct images in order of appearance. */
  readonly images: readonly ImageReference[];
  /**
   * Index of each position's embedding in the concatenation of all token embeddings (rows * length) and all patch
   * features (images * patches).
   */
  readonly sources: Int32Array;
  readonly imagePositions: number;
  readonly textPositions: number;
}

export interface SpliceOptions {
  /** Number of rows of the batch, including padding rows at the end. */
  readonly rows: number;
  readonly length: number;
  /** Number of positions per image. */
  readonly patches: number;
}

/** Replaces placeholders with images, like LLaVA's `prepare_inputs_labels_for_multimodal`. */
export function splice(examples: readonly SpliceRow[], { rows, length, patches }: SpliceOptions): Splice {
  const positions = rows * length;
  const tokenIds = new Int32Array(positions);
  const labels = new Int32Array(positions).fill(IGNORE_INDEX);
  const sources = Int32Array.from({ length: positions }, (_, position) => position);
  const images = new Map<ImageReference, number>();
  let imagePositions = 0;
  let textPositions = 0;
  for (const [row, example] of examples.entries()) {
    const end = row * length + Math.min(example.length, length);
    let position = row * length;
    let placeholders = 0;
    for (let index = 0; index < example.inputIds.length && position < end; index++) {
      const id = example.inputIds[index] ?? 0;
      if (id === IMAGE_TOKEN_INDEX) {
        const image = numberOf(images, imageAt(example, placeholders++));
        for (let patch = 0; patch < patches && position < end; patch++) {
          sources[position++] = positions + image * patches + patch;
          imagePositions++;
        }
      } else {
        tokenIds[position] = id;
        labels[position++] = example.labels?.[index] ?? IGNORE_INDEX;
        textPositions++;
      }
    }
  }
  return { rows, length, tokenIds, labels, images: [...images.keys()], sources, imagePositions, textPositions };
}

function numberOf(images: Map<ImageReference, number>, image: ImageReference): number {
  const known = images.get(image);
  if (known !== undefined) return known;
  images.set(image, images.size);
  return images.size - 1;
}

function imageAt({ id, images }: SpliceRow, index: number): ImageReference {
  const image = images[index];
  if (image) return image;
  throw new MlanError(
    "invalid-data",
    `model-llava: "${id}" has more <image> placeholders than its ${counted(images.length, "image")}. Add an image or remove a placeholder.`,
  );
}
