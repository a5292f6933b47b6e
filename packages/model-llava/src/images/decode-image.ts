import { messageOf, MlanError } from "@mlan/core";
import sharp from "sharp";
import type { Pixels } from "./pixels.ts";

/**
 * Decodes PNG, JPEG, WebP, GIF, TIFF and others as `Image.open(file).convert("RGB")` of Pillow does: colours
 * without profile conversion, transparency dropped, no rotation by metadata. Throws an `invalid-data` error
 * that gives the image's name when the bytes are no image, or are cut short.
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<Pixels> {
  try {
    const image = sharp(bytes, { ignoreIcc: true, failOn: "truncated" }).removeAlpha().toColourspace("srgb");
    const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  } catch (cause) {
    const message = `model-llava: image ${JSON.stringify(name)} cannot be decoded: ${messageOf(cause)}. Replace or remove it.`;
    throw new MlanError("invalid-data", message, { cause });
  }
}
