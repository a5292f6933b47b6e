/** A file format, detected from the first bytes. */
export interface ImageFormat {
  /** Completes the sentence "it is ...". */
  readonly description: string;
  /** Absent for formats that are not supported. */
  readonly decoder?: ImageDecoder;
}

/** The name of a format that is supported; the same as in sharp if sharp decodes the format. */
export type ImageDecoder = "jpeg" | "png" | "webp" | "gif" | "tiff" | "bmp" | "pnm" | "ico";

/** Completes the sentence "... are supported". */
export const READ_FORMATS = "PNG, JPEG, WebP, GIF, TIFF, BMP, PNM and ICO";

/**
 * Known formats, tried in this order: either the first bytes of a file, or a pattern for its first 256 bytes, read as
 * Latin-1.
 */
const FORMATS: readonly (readonly [start: string | RegExp, format: ImageFormat])[] = [
  ["\xff\xd8\xff", { description: "a JPEG", decoder: "jpeg" }],
  ["\x89PNG\r\n\x1a\n", { description: "a PNG", decoder: "png" }],
  [/^GIF8[79]a/, { description: "a GIF", decoder: "gif" }],
  [/^RIFF.{4}WEBP/s, { description: "a WebP", decoder: "webp" }],
  ["II*\0", { description: "a TIFF", decoder: "tiff" }],
  ["MM\0*", { description: "a TIFF", decoder: "tiff" }],
  ["II+\0", { description: "a TIFF", decoder: "tiff" }],
  ["MM\0+", { description: "a TIFF", decoder: "tiff" }],
  ["BM", { description: "a BMP", decoder: "bmp" }],
  [/^P[1-6]\s/, { description: "a PNM", decoder: "pnm" }],
  ["\0\0\x01\0", { description: "an ICO", decoder: "ico" }],
  // Decoders interpolate colors differently. At edges between colors, their pixels differ by up to 50 of 255 levels.
  [/^.{4}ftyp.{0,60}avi[fs]/s, { description: "an AVIF, whose colors depend on the program that decodes it" }],
  [/^$/, { description: "empty (0 bytes)" }],
  ["version https://git-lfs", { description: "a Git LFS pointer, not the image itself (fetch it with git lfs pull)" }],
  [/^(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html)/i, { description: "a web page (HTML)" }],
  [/^(?:\xef\xbb\xbf)?\s*<(?:svg|\?xml|!doctype svg)/i, { description: "an SVG or other XML" }],
  // A TGA begins like a cursor file without a cursor.
  ["\0\0\x02\0\0\0", { description: "a TGA" }],
  ["\0\0\x02\0", { description: "a Windows cursor (CUR)" }],
  [/^P7\s/, { description: "a PAM" }],
  [/^P[fF]\s/, { description: "a PFM" }],
  ["\0\0\0\x0cjP  ", { description: "a JPEG 2000" }],
  ["\xff\x4f\xff\x51", { description: "a JPEG 2000" }],
  ["\0\0\0\x0cJXL ", { description: "a JPEG XL" }],
  ["\xff\x0a", { description: "a JPEG XL" }],
  [/^.{4}ftyp(?:hei|hev|mif|msf)/s, { description: "a HEIC" }],
  ["8BPS", { description: "a Photoshop file" }],
  ["%PDF", { description: "a PDF" }],
  ["PK\x03\x04", { description: "a zip archive" }],
  ["\x1f\x8b", { description: "a gzip file" }],
];

const UNKNOWN: ImageFormat = { description: "in no known format" };

export function imageFormat(bytes: Uint8Array): ImageFormat {
  const head = Buffer.from(bytes.subarray(0, 256)).toString("latin1");
  const isStart = (start: string | RegExp): boolean =>
    typeof start === "string" ? head.startsWith(start) : start.test(head);
  return FORMATS.find(([start]) => isStart(start))?.[1] ?? UNKNOWN;
}
