export type { DecodeOptions, ReadableFormat } from "./decode-image.ts";
export { decodeImage, readableFormat } from "./decode-image.ts";
export type { ImageDecoder, ImageFormat } from "./image-format.ts";
export { CHANNELS, type Pixels } from "./pixels.ts";
