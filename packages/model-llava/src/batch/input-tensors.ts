import { type ImageReference, MlanError } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import { unfoldPatches } from "../network/vision-tower.ts";
import { powerOfTwo } from "./shape-buckets.ts";
import type { Splice } from "./splice.ts";

export interface InputTensors {
  readonly rows: number;
  readonly length: number;
  /** Token ids [rows * length], int32; 0 at images and padding. */
  readonly tokenIds: tf.Tensor1D;
  /** The inputs of the vision tower; absent in batches without images. */
  readonly images?: {
    /** Pixels [images * patches, 3 * patch * patch], with the number of images padded to a power of two. */
    readonly patches: tf.Tensor2D;
    /** Sources of the embeddings [rows * length], int32; see {@link Splice.sources}. */
    readonly sources: tf.Tensor1D;
  };
  /** The random numbers [rows * length, 3] for the adapter's dropout; absent without dropout. */
  readonly dropout?: tf.Tensor2D | undefined;
}

/** Loads an image and returns its normalized pixels [3, size, size]. */
export type LoadPixels = (image: ImageReference) => Promise<Float32Array>;

/** Creates the tensors of a batch. Reads and preprocesses each distinct image once. */
export async function inputTensors(
  { rows, length, tokenIds, sources, images }: Splice,
  vision: VisionConfig | undefined,
  loadPixels: LoadPixels,
): Promise<InputTensors> {
  const patches = images.length > 0 ? await unfoldImages(images, vision, loadPixels) : undefined;
  const tensors = { rows, length, tokenIds: tf.tensor1d(tokenIds, "int32") };
  if (!patches) return tensors;
  return { ...tensors, images: { patches, sources: tf.tensor1d(sources, "int32") } };
}

export function disposeInputTensors({ tokenIds, images, dropout }: InputTensors): void {
  tokenIds.dispose();
  dropout?.dispose();
  images?.patches.dispose();
  images?.sources.dispose();
}

async function unfoldImages(
  images: readonly ImageReference[],
  vision: VisionConfig | undefined,
  loadPixels: LoadPixels,
): Promise<tf.Tensor2D> {
  if (!vision) {
    throw new MlanError(
      "invalid-options",
      `model-llava: image "${images[0]?.name}" cannot be read: the model was opened without a vision tower. Give \`visionTower\`.`,
    );
  }
  const patches = patchesPerImage(vision);
  const width = 3 * vision.patchSize ** 2;
  const unfolded = new Float32Array(powerOfTwo(images.length) * patches * width);
  await Promise.all(
    images.map(async (image, index) =>
      unfoldPatches(vision, await loadPixels(image), unfolded, index * patches * width),
    ),
  );
  return tf.tensor2d(unfolded, [unfolded.length / width, width]);
}
