import { type ImageReference, MlanError, shownValue } from "@mlan/core";

const TYPES: readonly (readonly [start: RegExp, type: string])[] = [
  [/^\x89PNG\r\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^RIFF.{4}WEBP/s, "image/webp"],
  [/^GIF8[79]a/, "image/gif"],
  [/^BM/, "image/bmp"],
  [/^(?:II\*|MM\0)/, "image/tiff"],
];

/** Returns an image as a data URL. Throws `invalid-data` for a format that servers do not support. */
export async function imageUrl(image: ImageReference): Promise<string> {
  const bytes = await image.read();
  return `data:${imageType(image.name, bytes)};base64,${Buffer.from(bytes).toString("base64")}`;
}

/**
 * Detects the media type from the first bytes. Throws `invalid-data`, with the image's name, for a format that servers
 * do not support.
 */
export function imageType(name: string, bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  const type = TYPES.find(([start]) => start.test(head))?.[1];
  if (type !== undefined) return type;
  const formats = "PNG, JPEG, WebP, GIF, BMP or TIFF";
  const message = `model-endpoint: image ${shownValue(name)} is in a format that servers do not support; use ${formats}, or remove it.`;
  throw new MlanError("invalid-data", message);
}
