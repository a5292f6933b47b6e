import { counted, messageOf, MlanError, shownValue } from "@mlan/core";
import sharp, { type Sharp } from "sharp";
import { imageFormat, type ImageFormat } from "./image-format.ts";
import { CHANNELS, type Pixels } from "./pixels.ts";

/** Pillow refuses images with more pixels as decompression bombs. */
const MOST_PIXELS = 178_956_970;

/** Pixels; the longest side of a JPEG. */
const LONGEST_SIDE = 65_535;

/** Limit for images crafted to decode slowly; far above the time of the largest valid image. */
const DECODING_SECONDS = 60;

export interface DecodeOptions {
  /** Names the image in errors. */
  readonly name: string;
  /** "upright" turns the image as its EXIF orientation says. */
  readonly orientation: "stored" | "upright";
}

/**
 * Decodes PNG, JPEG, WebP, GIF (its first frame), TIFF and AVIF like Pillow's `Image.open(file).convert("RGB")`: no
 * colour profile conversion, transparency dropped; upright images as after `ImageOps.exif_transpose`. Throws an
 * `invalid-data` error that names the image when the bytes are not such an image, are truncated, or have more than
 * 178,956,970 pixels or 65,535 pixels on a side.
 */
export async function decodeImage(bytes: Uint8Array, { name, orientation }: DecodeOptions): Promise<Pixels> {
  const { description, decoder } = readableFormat(bytes, name);
  try {
    const { width, height, format, space, channels } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE || format !== decoder) {
      const limits = `${MOST_PIXELS} pixels, ${LONGEST_SIDE} on a side, are supported`;
      throw undecodable(name, `it is ${description} of ${width} x ${height}; up to ${limits}`);
    }
    const image = sharp(bytes, {
      ignoreIcc: true,
      limitInputPixels: MOST_PIXELS,
      // libtiff's reader refuses a truncated file only at this level.
      failOn: decoder === "tiff" ? "error" : "truncated",
      autoOrient: orientation === "upright",
    });
    image.timeout({ seconds: DECODING_SECONDS });
    if (space === "grey16" && channels === 1) return await clippedGrey(image);
    const rgb = image.removeAlpha().toColourspace("srgb");
    const { data, info } = await rgb.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it has ${counted(info.channels, "channel")}`);
    return { width: info.width, height: info.height, data };
  } catch (cause) {
    throw MlanError.is(cause) ? cause : undecodable(name, messageOf(cause), { cause });
  }
}

/**
 * Detects a file's format from its first bytes. Throws an `invalid-data` error that names the image for an unsupported
 * format.
 */
export function readableFormat(bytes: Uint8Array, name: string): ImageFormat {
  const format = imageFormat(bytes);
  if (format.decoder !== undefined) return format;
  throw undecodable(name, `it is ${format.description}; PNG, JPEG, WebP, GIF, TIFF and AVIF are supported`);
}

/** Pillow clips 16-bit grey values at 255, where other programs divide by 256. */
async function clippedGrey(image: Sharp): Promise<Pixels> {
  const raw = image.toColourspace("grey16").raw({ depth: "ushort" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const grey = new Uint16Array(data.buffer, data.byteOffset, width * height);
  const rgb = new Uint8ClampedArray(grey.length * CHANNELS);
  for (const [pixel, value] of grey.entries()) rgb.fill(value, pixel * CHANNELS, (pixel + 1) * CHANNELS);
  return { width, height, data: new Uint8Array(rgb.buffer) };
}

function undecodable(name: string, problem: string, options?: ErrorOptions): MlanError {
  const message = `model-llava: image ${shownValue(name)} cannot be decoded: ${problem}. Replace or remove it.`;
  return new MlanError("invalid-data", message, options);
}
