import { decodeImage } from "./decode-image.ts";
import type { ImageProcessor } from "./image-processor.ts";
import { type FramedImage, padToSquare, unframed } from "./pad-to-square.ts";
import { CHANNELS, type Pixels } from "./pixels.ts";
import { resizeAndCrop } from "./resize.ts";

export interface PreprocessImageOptions {
  readonly processor: ImageProcessor;
  /** `pad` makes the image square with the mean colour; `square` crops the centre. */
  readonly aspectRatio: "pad" | "square";
  /** Names the image in errors. */
  readonly name: string;
  /** "upright" turns the image as its EXIF orientation says. Default "stored". */
  readonly orientation?: "stored" | "upright";
}

/**
 * A CLIP tower's input from an encoded image: normalised values [3, size, size], bit-identical to LLaVA's
 * `process_images` and Hugging Face's CLIPImageProcessor on Pillow. Throws an `invalid-data` error that names the image
 * when it cannot be decoded.
 */
export async function preprocessImage(bytes: Uint8Array, options: PreprocessImageOptions): Promise<Float32Array> {
  const { processor, aspectRatio, name, orientation = "stored" } = options;
  const image = await decodeImage(bytes, { name, orientation });
  const pads = aspectRatio === "pad" || processor.padsToSquare === true;
  const framed = pads ? padToSquare(image, meanColour(processor)) : unframed(image);
  return normalize(resize(framed, processor), processor);
}

function meanColour({ mean: [red, green, blue] }: ImageProcessor): readonly [number, number, number] {
  return [Math.trunc(red * 255), Math.trunc(green * 255), Math.trunc(blue * 255)];
}

/** Sizes as in CLIPImageProcessor: the shorter edge as given, the longer one rounded down, then a centre crop. */
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

/** The normalised value of each 8-bit value per channel, with the rounding of numpy's float32 steps. */
function normalizationTables(processor: ImageProcessor): Float32Array[] {
  const { rescaleFactor, mean, standardDeviation, normalizes = true } = processor;
  return mean.map((channelMean, channel) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const rescaled = Math.fround(value * rescaleFactor);
      if (!normalizes) return rescaled;
      const centred = Math.fround(rescaled - Math.fround(channelMean));
      return centred / Math.fround(standardDeviation[channel] ?? 1);
    }),
  );
}
