import type { ImageReference } from "@mlan/core";
import { ApiError } from "./api-error.ts";

/**
 * Reads the image in a data URL such as `data:image/png;base64,...`, and applies its EXIF orientation. `param` is the
 * field of the request. Throws {@link ApiError} for any other URL, because nothing is fetched from the network.
 */
export function imageOfDataUrl(url: string, param: string): ImageReference {
  const comma = url.indexOf(",");
  const [, kind, encoding] = /^data:([^;,]*)(?:;[^;,]+)*?(;base64)?$/i.exec(url.slice(0, Math.min(comma, 200))) ?? [];
  if (comma < 0 || kind === undefined || encoding === undefined)
    throw refused(param, `it begins with ${JSON.stringify(url.slice(0, 30))}`);
  const text = url.slice(comma + 1);
  if (text === "" || !/^[\w+/-]*={0,2}$/.test(text)) throw refused(param, "its data are not base64");
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  return { name: param, orientation: "upright", read: async () => bytes };
}

function refused(param: string, found: string): ApiError {
  return new ApiError(
    400,
    `${param} must be a data URL that contains the image, data:image/png;base64,...; ${found}. Nothing is fetched from the network.`,
    { param },
  );
}
