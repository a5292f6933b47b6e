import { counted, messageOf, MlanError, shownValue } from "@mlan/core";
import sharp, { type Sharp } from "sharp";
import { imageFormat, type ImageFormat } from "./image-format.ts";
import { CHANNELS, type Pixels } from "./pixels.ts";

/** Pillow refuses more pixels as a decompression bomb. */
const MOST_PIXELS = 178_956_970;

/** Pixels; the longest that a JPEG can have. */
const LONGEST_SIDE = 65_535;

/** For an image that is made to take long. Far above what the largest one takes. */
const DECODING_SECONDS = 60;

export interface DecodeOptions {
  /** Names the image in errors. */
  readonly name: string;
  /** Whether the image is turned as its EXIF orientation says. */
  readonly orientation: "stored" | "upright";
}

/**
 * Decodes PNG, JPEG, WebP, GIF (its first frame), TIFF and AVIF as `Image.open(file).convert("RGB")` of Pillow does:
 * colours without profile conversion, transparency dropped; upright images as after `ImageOps.exif_transpose`. Throws an `invalid-data` error
 * that gives the image's name when the bytes are no such image, are cut short, or are more than 178,956,970 pixels or
 * 65,535 pixels on a side.
 */
export async function decodeImage(bytes: Uint8Array, { name, orientation }: DecodeOptions): Promise<Pixels> {
  const { description, decoder } = readableFormat(bytes, name);
  try {
    const { width, height, format, space, channels } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE || format !== decoder) {
      const limits = `${MOST_PIXELS} pixels, ${LONGEST_SIDE} on a side, are read`;
      throw undecodable(name, `it is ${description} of ${width} x ${height}; up to ${limits}`);
    }
    const image = sharp(bytes, {
      ignoreIcc: true,
      limitInputPixels: MOST_PIXELS,
      // Only at this level does libtiff's reader refuse a file that is cut short.
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

/** What a file is, by its first bytes. Throws an `invalid-data` error that gives the image's name for what is not read. */
export function readableFormat(bytes: Uint8Array, name: string): ImageFormat {
  const format = imageFormat(bytes);
  if (format.decoder !== undefined) return format;
  throw undecodable(name, `it is ${format.description}; PNG, JPEG, WebP, GIF, TIFF and AVIF are read`);
}

/** Pillow clips grey values of 16 bits at 255, where other programs divide by 256. */
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
