import { MlanError } from "@mlan/core";
import type { Compressors } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** Maximum size of an uncompressed page in bytes, far above the pages of real files. */
export const LARGEST_PAGE: number = 2 ** 30;

/**
 * Decompressors that check a page's declared size before decompressing, because a damaged page may declare any size.
 */
export const boundedCompressors: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, outputLength: number): Uint8Array => {
      if (outputLength >= 0 && outputLength <= LARGEST_PAGE) return decompress(input, outputLength);
      throw new MlanError("invalid-data", `a page unpacks to ${outputLength} bytes`);
    },
  ]),
);
