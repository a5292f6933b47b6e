import { counted } from "@mlan/core";
import sharp, { type Metadata, type Sharp } from "sharp";
import { firstFrameOf, type GifFrame } from "./gif-frame.ts";
import { checkBounds, MOST_PIXELS } from "./image-bounds.ts";
import { CHANNELS, type Pixels } from "./pixels.ts";
import { PHOTOMETRIC, tiffTag, WHITE_IS_ZERO } from "./tiff-tag.ts";

/** Time limit in seconds for images crafted to decode slowly. The largest valid image takes far less. */
const DECODING_SECONDS = 60;

/** The formats that sharp decodes, under the names that sharp uses. */
type CommonDecoder = "jpeg" | "png" | "webp" | "gif" | "tiff";

export interface CommonImage {
  /** Completes the sentence "it is ...". */
  readonly description: string;
  readonly decoder: CommonDecoder;
  readonly upright: boolean;
}

/**
 * Decodes with libvips, and corrects pixels that differ from Pillow's. Throws for an image that is damaged or too
 * large.
 */
export async function decodeCommon(bytes: Uint8Array, image: CommonImage): Promise<Pixels> {
  if (image.decoder !== "gif") return decode(bytes, image);
  const frame = firstFrameOf(bytes);
  checkBounds(frame.canvasWidth, frame.canvasHeight, image.description);
  return onCanvas(await decode(frame.file, image), frame);
}

async function decode(bytes: Uint8Array, { description, decoder, upright }: CommonImage): Promise<Pixels> {
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => Promise.reject(withoutRepetition(cause)));
  if (metadata.format !== decoder) throw new Error(`it begins like ${description} but is not one`);
  checkBounds(metadata.width, metadata.height, description);
  const image = sharp(bytes, {
    ignoreIcc: true,
    limitInputPixels: MOST_PIXELS,
    // libtiff refuses a truncated file only at this level.
    failOn: decoder === "tiff" ? "error" : "truncated",
    // Pillow always applies a TIFF's orientation.
    autoOrient: upright || decoder === "tiff",
  });
  image.timeout({ seconds: DECODING_SECONDS });
  try {
    return await rgbOf(image, bytes, metadata);
  } catch (cause) {
    throw withoutRepetition(cause);
  }
}

function rgbOf(image: Sharp, bytes: Uint8Array, { format, space, channels, depth }: Metadata): Promise<Pixels> {
  switch (space) {
    case "cmyk":
      return fromCmyk(image, depth);
    case "grey16":
      if (format === "tiff" && tiffTag(bytes, PHOTOMETRIC) === WHITE_IS_ZERO)
        throw new Error("it is a TIFF of 16-bit gray whose white is 0, which programs read differently");
      return channels === 1 || (format === "png" && isPlainGrey(bytes)) ? clippedGrey(image) : rgb(image);
    case "b-w":
    case "rgb":
    case "rgb16":
    case "srgb":
      return rgb(image);
    default:
      throw new Error(`its color space is ${space}; gray, RGB and CMYK are supported`);
  }
}

async function rgb(image: Sharp): Promise<Pixels> {
  const raw = image.removeAlpha().toColourspace("srgb").raw({ depth: "uchar" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  if (info.channels !== CHANNELS) throw new Error(`it has ${counted(info.channels, "channel")}`);
  return { width: info.width, height: info.height, data };
}

/**
 * Converts CMYK like Pillow, without a color profile, which sharp would use. Reads the upper byte of 16-bit values.
 */
async function fromCmyk(image: Sharp, depth: string): Promise<Pixels> {
  const wide = depth === "ushort";
  const raw = image
    .pipelineColourspace("cmyk")
    .toColourspace("cmyk")
    .raw({ depth: wide ? "ushort" : "uchar" });
  const { data: bytes, info } = await raw.toBuffer({ resolveWithObject: true });
  const data = wide ? upperBytes(bytes) : bytes;
  const { width, height, channels } = info;
  const output = new Uint8ClampedArray(width * height * CHANNELS);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const white = 255 - (data[pixel * channels + 3] ?? 0);
    for (let channel = 0; channel < CHANNELS; channel++) {
      const product = (data[pixel * channels + channel] ?? 0) * white + 128;
      output[pixel * CHANNELS + channel] = white - (((product >> 8) + product) >> 8);
    }
  }
  return { width, height, data: new Uint8Array(output.buffer) };
}

function upperBytes(bytes: Buffer): Uint8Array {
  return Uint8Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), (value) => value >> 8);
}

/**
 * Returns whether the color type in a PNG's header is gray without an alpha channel. A single transparent value is not
 * a channel.
 */
function isPlainGrey(png: Uint8Array): boolean {
  return png[25] === 0;
}

/** Converts 16-bit gray like Pillow, which clips values at 255. Other programs divide by 256. */
async function clippedGrey(image: Sharp): Promise<Pixels> {
  const raw = image.removeAlpha().toColourspace("grey16").raw({ depth: "ushort" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const gray = new Uint16Array(data.buffer, data.byteOffset, width * height);
  const output = new Uint8ClampedArray(gray.length * CHANNELS);
  for (const [pixel, value] of gray.entries()) output.fill(value, pixel * CHANNELS, (pixel + 1) * CHANNELS);
  return { width, height, data: new Uint8Array(output.buffer) };
}

function onCanvas(image: Pixels, { canvasWidth, canvasHeight, left, top, background }: GifFrame): Pixels {
  if (image.width === canvasWidth && image.height === canvasHeight) return image;
  const data = new Uint8Array(canvasWidth * canvasHeight * CHANNELS);
  for (let index = 0; index < data.length; index++) data[index] = background[index % CHANNELS] ?? 0;
  for (let row = 0; row < image.height; row++) {
    const source = row * image.width * CHANNELS;
    const target = ((top + row) * canvasWidth + left) * CHANNELS;
    data.set(image.data.subarray(source, source + image.width * CHANNELS), target);
  }
  return { width: canvasWidth, height: canvasHeight, data };
}

/** Keeps only the first line of a message. libvips writes one line per attempt, and the lines are often equal. */
function withoutRepetition(cause: unknown): Error {
  const [first = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  return new Error(first, { cause });
}
