import { MlanError } from "@mlan/core";
import { clipImageProcessor } from "#internal/images/image-processor.ts";
import { preprocessImage } from "#internal/images/preprocess-image.ts";
import { readFile } from "node:fs/promises";
import { expect } from "vitest";

export const PROCESSOR = clipImageProcessor(32);

/** Returns a file of the fixture that was made with Pillow. */
export async function ofPillow(name: string): Promise<Uint8Array> {
  const { rows } = JSON.parse(await readFile(new URL("fixtures/pillow-pixels.json", import.meta.url), "utf8"));
  return Buffer.from(rows.find((row: { readonly name: string }) => row.name === name).file, "base64");
}

export function decode(bytes: Uint8Array): Promise<Float32Array> {
  return preprocessImage(bytes, { processor: PROCESSOR, aspectRatio: "pad", name: "a.png" });
}

export async function refusal(bytes: Uint8Array): Promise<string> {
  const error: unknown = await decode(bytes).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "MlanError", code: "invalid-data" });
  return Object(error).message;
}
