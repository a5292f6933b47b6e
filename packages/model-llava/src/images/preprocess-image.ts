import { CHANNELS, decodeImage, type Pixels } from "@mlan/images";
import type { ImageProcessor } from "./image-processor.ts";
import { type FramedImage, padToSquare, unframed } from "./pad-to-square.ts";
import { resizeAndCrop } from "./resize.ts";

export interface PreprocessImageOptions {
  readonly processor: ImageProcessor;
  /** "pad" pads the image to a square with the mean color; "square" crops its center. */
  readonly aspectRatio: "pad" | "square";
  /** Name of the image in errors. */
  readonly name: string;
  /** "upright" rotates the image according to its EXIF orientation. Default "stored". */
  readonly orientation?: "stored" | "upright";
}

/**
 * Converts an encoded image to a CLIP tower's input: normalized values [3, size, size]. They are bit-identical to those
 * of LLaVA's `process_images` and of transformers' CLIPImageProcessor with Pillow. Throws `invalid-data` with the
 * image's name if it cannot be decoded.
 */
export async function preprocessImage(bytes: Uint8Array, options: PreprocessImageOptions): Promise<Float32Array> {
  const { processor, name, orientation = "stored" } = options;
  const image = await decodeImage(bytes, { errorPrefix: "model-llava", name, orientation });
  const framed = isPadded(options) ? padToSquare(image, meanColor(processor)) : unframed(image);
  return normalize(resize(framed, processor), processor);
}

/** Returns a JSON value of all settings that affect an image's pixels. Equivalent settings give equal values. */
export function pixelSettings(options: Pick<PreprocessImageOptions, "processor" | "aspectRatio">): unknown {
  const { size, shortestEdge, rescaleFactor, mean, standardDeviation } = options.processor;
  const { keepsAspectRatio = true, resampling = "bicubic", normalizes = true } = options.processor;
  const resizing = { size, shortestEdge, keepsAspectRatio, resampling, padded: isPadded(options) };
  return { ...resizing, rescaleFactor, mean, standardDeviation, normalizes };
}

function isPadded({ processor, aspectRatio }: Pick<PreprocessImageOptions, "processor" | "aspectRatio">): boolean {
  return aspectRatio === "pad" || processor.padsToSquare === true;
}

function meanColor({ mean: [red, green, blue] }: ImageProcessor): readonly [number, number, number] {
  return [Math.trunc(red * 255), Math.trunc(green * 255), Math.trunc(blue * 255)];
}

/**
 * Resizes and crops like CLIPImageProcessor: scales the shorter edge to the given length, rounds the longer edge down,
 * and crops the center.
 */
function resize(image: FramedImage, processor: ImageProcessor): Pixels {
  const { size, shortestEdge, keepsAspectRatio = true, resampling = "bicubic" } = processor;
  const shortest = Math.min(image.width, image.height);
  const side = (length: number) => (keepsAspectRatio ? Math.trunc((shortestEdge * length) / shortest) : shortestEdge);
  return resizeAndCrop(image, { width: side(image.width), height: side(image.height), crop: size, resampling });
}

function normalize({ data }: Pixels, processor: ImageProcessor): Float32Array {
  const output = new Float32Array(data.length);
  let position = 0;
  for (const [channel, table] of normalizationTables(processor).entries()) {
    for (let source = channel; source < data.length; source += CHANNELS)
      output[position++] = table[data[source] ?? 0] ?? 0;
  }
  return output;
}

/** Returns, per channel, a table from 8-bit values to normalized values, rounded like numpy's float32 operations. */
function normalizationTables(processor: ImageProcessor): Float32Array[] {
  const { rescaleFactor, mean, standardDeviation, normalizes = true } = processor;
  return mean.map((channelMean, channel) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const rescaled = Math.fround(value * rescaleFactor);
      if (!normalizes) return rescaled;
      const centered = Math.fround(rescaled - Math.fround(channelMean));
      return centered / Math.fround(standardDeviation[channel] ?? 1);
    }),
  );
}
