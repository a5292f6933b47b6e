import { MlanError } from "@mlan/core";
import type { Compressors } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** The largest size of an unpacked page in bytes, far above the pages of real files. */
export const LARGEST_PAGE: number = 2 ** 30;

/** Decompressors that check the claimed size of a page before they unpack it, since a page may claim any size. */
export const boundedCompressors: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, outputLength: number): Uint8Array => {
      if (outputLength >= 0 && outputLength <= LARGEST_PAGE) return decompress(input, outputLength);
      throw new MlanError("invalid-data", `a page unpacks to ${outputLength} bytes`);
    },
  ]),
);
