import { imageProcessorKeys } from "#internal/images/image-processor.ts";
import { preprocessImage } from "#internal/images/preprocess-image.ts";
import { readImageProcessor } from "#internal/images/read-image-processor.ts";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folderOf } from "./tokenizer-folders.ts";

interface Row {
  readonly name: string;
  readonly config: object;
  readonly results: Readonly<Record<string, { readonly first: readonly number[]; readonly sha256: string }>>;
}

interface Fixture {
  /** PNG files in base64. */
  readonly pictures: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

const FIXTURE = new URL("fixtures/image-processors.json", import.meta.url);
const { pictures, rows }: Fixture = JSON.parse(readFileSync(FIXTURE, "utf8"));

async function read(config: object, name = "preprocessor_config.json") {
  const folder = await folderOf({ [name]: JSON.stringify(config) });
  return readImageProcessor(new URL(name, folder));
}

describe.each(rows)("an image processor gives transformers' values: $name", ({ config, results }) => {
  const files = [
    ["preprocessor_config.json", async () => read(config)],
    ["processor_config.json", async () => read({ image_processor: config }, "processor_config.json")],
    ["the file that is saved", async () => read(imageProcessorKeys((await read(config))!))],
  ] as const;
  test.each(files)("from %s", async (_, processorOf) => {
    const processor = (await processorOf())!;
    for (const [name, { first, sha256 }] of Object.entries(results)) {
      const bytes = Buffer.from(pictures[name]!, "base64");
      const values = await preprocessImage(bytes, { processor, aspectRatio: "square", name });
      expect([...values.subarray(0, first.length)], name).toEqual(first);
      expect(createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex"), name).toBe(sha256);
    }
  });
});

test("a processor_config.json without an image processor is ignored for images", async () => {
  expect(await read({ processor_class: "LlavaProcessor" }, "processor_config.json")).toBeUndefined();
});

test.each([
  [{ resample: 0 }, /"resample" is 0 \(expected Pillow's filter 1, 2, 3, 4 or 5\)/],
  [{ size: 20, crop_size: 24 }, /"crop_size" is 24 \(must not exceed size\)/],
  [{ size: 20, do_center_crop: false }, /"do_center_crop" is false \(only true is supported when images keep/],
  [{ size: { height: 20, width: 30 } }, /"size" is /],
  [{ size: { shortest_edge: 20, longest_edge: 30 } }, /"size" is /],
  [{ crop_size: { height: 20, width: 30 } }, /"crop_size" is /],
  [{ image_std: [1, 0, 1] }, /"image_std" is /],
  [{ image_std: 0 }, /"image_std" is 0/],
  [{ do_resize: false }, /"do_resize" is false \(only true is supported\)/],
  [{ use_square_size: true }, /"use_square_size" is true \(is not supported\)/],
  [{ pad_size: { height: 9, width: 9 } }, /"pad_size" is /],
  [{ image_processor_type: "LlavaNextImageProcessor" }, /"image_processor_type" is "LlavaNextImageProcessor"/],
])("%o is refused by one sentence that names the key", async (config, message) => {
  await expect(read(config)).rejects.toThrow(message);
  await expect(read({ image_processor: config }, "processor_config.json")).rejects.toThrow(/"image_processor\./);
});
