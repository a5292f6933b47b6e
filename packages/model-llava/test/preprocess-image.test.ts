import { MlanError } from "@mlan/core";
import { clipImageProcessor } from "#internal/images/image-processor.ts";
import { readImageProcessor } from "#internal/images/read-image-processor.ts";
import { preprocessImage } from "#internal/images/preprocess-image.ts";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { folderOf } from "./tokenizer-folders.ts";

interface ExpectedImage {
  readonly image: string;
  readonly aspectRatio: "pad" | "square";
  /** Float32 values for a processor of 16 pixels, base64. */
  readonly at16: string;
  /** SHA-256 of the values at 336 pixels. */
  readonly at336: string;
}

const images = new URL("fixtures/images/", import.meta.url);
const { rows }: { rows: ExpectedImage[] } = JSON.parse(readFileSync(new URL("expected.json", images), "utf8"));

describe("is bit-identical to CLIPImageProcessor with Pillow", () => {
  test.each(rows)("for $image, $aspectRatio", async ({ image, aspectRatio, at16, at336 }) => {
    const bytes = await readFile(new URL(image, images));
    const preprocess = (size: number): Promise<Float32Array> =>
      preprocessImage(bytes, { processor: clipImageProcessor(size), aspectRatio, name: image });
    const small = await preprocess(16);
    expect([...small]).toEqual([...float32(Buffer.from(at16, "base64"))]);
    const large = await preprocess(336);
    expect(large).toHaveLength(3 * 336 * 336);
    expect(createHash("sha256").update(new Uint8Array(large.buffer)).digest("hex")).toBe(at336);
  });
});

test("crops the center if the shorter edge is longer than the square", async () => {
  const bytes = await readFile(new URL("wide.png", images));
  const options = { aspectRatio: "square", name: "wide.png" } as const;
  const whole = await preprocessImage(bytes, { ...options, processor: clipImageProcessor(61) });
  const middle = await preprocessImage(bytes, {
    ...options,
    processor: { ...clipImageProcessor(21), shortestEdge: 61 },
  });
  // The 61 rows are not resized: pixel (0, 0) of the square is pixel (20, 20) of the image.
  expect(middle[0]).toBe(whole[20 * 61 + 20]);
  expect(middle.at(-1)).toBe(whole[2 * 61 * 61 + 40 * 61 + 40]);
});

describe("refuses", () => {
  const refusal = async (bytes: Uint8Array): Promise<string> => {
    const options = { processor: clipImageProcessor(16), aspectRatio: "pad", name: "cats/1.png" } as const;
    const error: unknown = await preprocessImage(bytes, options).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (MlanError.is(error, "invalid-data")) return error.message;
    throw new Error(`expected an invalid-data error, got ${error}`);
  };

  test("a file that is not an image, naming it", async () => {
    expect(await refusal(new TextEncoder().encode("no image"))).toMatch(/image "cats\/1.png" cannot be decoded/);
    expect(await refusal(new Uint8Array())).toMatch(/image "cats\/1.png" cannot be decoded/);
  });

  test.each(["wide.png", "subsampled.jpg", "progressive.jpg", "lossy.webp", "palette.gif"])(
    "%s when it is cut short",
    async (name) => {
      const bytes = await readFile(new URL(name, images));
      expect(await refusal(bytes.subarray(0, Math.floor(bytes.length * 0.6)))).toMatch(/cannot be decoded/);
    },
  );
});

describe("preprocessor_config.json", () => {
  const clip = {
    size: 336,
    crop_size: 336,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
    resample: 3,
  };
  const read = async (config: object) => {
    const folder = await folderOf({ "preprocessor_config.json": JSON.stringify(config) });
    return readImageProcessor(new URL("preprocessor_config.json", folder));
  };

  test("is read in CLIP's older and newer forms", async () => {
    const newer = {
      ...clip,
      size: { shortest_edge: 336 },
      crop_size: { height: 336, width: 336 },
      rescale_factor: 1 / 255,
    };
    expect(await read(clip)).toEqual(clipImageProcessor(336));
    expect(await read(newer)).toEqual(clipImageProcessor(336));
  });
});

function float32(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
