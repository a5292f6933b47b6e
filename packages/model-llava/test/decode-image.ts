import { seededRandom } from "@mlan/core";
import { clipImageProcessor } from "#internal/images/image-processor.ts";
import { preprocessImage } from "#internal/images/preprocess-image.ts";
import sharp, { type Sharp } from "sharp";
import { expect } from "vitest";

export const PROCESSOR = clipImageProcessor(32);

export function decode(bytes: Uint8Array): Promise<Float32Array> {
  return preprocessImage(bytes, { processor: PROCESSOR, aspectRatio: "pad", name: "a.png" });
}

export async function refusal(bytes: Uint8Array): Promise<string> {
  const error: unknown = await decode(bytes).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "MlanError", code: "invalid-data" });
  return Object(error).message;
}

export function noise(width: number, height: number): Sharp {
  const random = seededRandom(width * 1000 + height);
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.below(256));
  return sharp(data, { raw: { width, height, channels: 3 } });
}
