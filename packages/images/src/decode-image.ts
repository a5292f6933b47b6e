import { messageOf, MlanError, shownValue } from "@mlan/core";
import { decodeBmp } from "./decode-bmp.ts";
import { decodeIco } from "./decode-ico.ts";
import { decodePnm } from "./decode-pnm.ts";
import { decodeCommon } from "./decode-common.ts";
import { type ImageDecoder, imageFormat, type ImageFormat, READ_FORMATS } from "./image-format.ts";
import type { Pixels } from "./pixels.ts";

interface NamedImage {
  /** The beginning of every error, e.g. "model-llava". */
  readonly errorPrefix: string;
  readonly name: string;
}

export interface DecodeOptions extends NamedImage {
  /** "upright" rotates the image according to its EXIF orientation. "stored" rotates only TIFF images, like Pillow. */
  readonly orientation: "stored" | "upright";
}

/**
 * Decodes PNG, JPEG, WebP, GIF, TIFF (the first frame or page), BMP, PNM and ICO (the largest icon). The pixels are
 * those of Pillow's `Image.open(file).convert("RGB")`: color profiles are not applied, transparency is dropped, and
 * values above 255 of 16-bit gray are clipped. Upright images are as after `ImageOps.exif_transpose`. Throws
 * `invalid-data`, with the image's name, when the bytes are in no supported format, are truncated, or have more than
 * 178,956,970 pixels or 65,535 pixels on a side.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<Pixels> {
  const { description, decoder } = readableFormat(bytes, options);
  try {
    switch (decoder) {
      case "bmp":
        return decodeBmp(bytes);
      case "pnm":
        return decodePnm(bytes);
      case "ico":
        return await decodeIco(bytes);
      default:
        return await decodeCommon(bytes, { description, decoder, upright: options.orientation === "upright" });
    }
  } catch (cause) {
    throw undecodable(options, messageOf(cause), { cause });
  }
}

/**
 * Detects a file's format from its first bytes. Throws `invalid-data`, with the image's name, for an unsupported
 * format.
 */
export function readableFormat(bytes: Uint8Array, image: NamedImage): ReadableFormat {
  const { description, decoder } = imageFormat(bytes);
  if (decoder !== undefined) return { description, decoder };
  throw undecodable(image, `it is ${description}; ${READ_FORMATS} are supported`);
}

export interface ReadableFormat extends ImageFormat {
  readonly decoder: ImageDecoder;
}

function undecodable({ errorPrefix, name }: NamedImage, problem: string, options?: ErrorOptions): MlanError {
  const message = `${errorPrefix}: image ${shownValue(name)} cannot be decoded: ${problem}. Replace or remove it.`;
  return new MlanError("invalid-data", message, options);
}
