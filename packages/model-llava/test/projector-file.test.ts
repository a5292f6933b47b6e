import { cp, rm, writeFile } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { openWeights } from "@mlan/model-llava";
import { writeSafetensors } from "@mlan/safetensors";
import { writeTinyLlava } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { scratchLlava, tinySource, weightOf } from "./tiny-llava.ts";

/** The projector of a first stage with PEFT, in bfloat16, from tools/fixtures/model_llava_pytorch.py. */
const PROJECTOR = new URL("fixtures/tiny/mm_projector.bin", import.meta.url);
const PARTS = ["0.weight", "0.bias", "2.weight", "2.bias"];
const scratch = await scratchLlava();

async function storedValues(part: string): Promise<Float32Array> {
  const reader = await openWeights(PROJECTOR);
  const values = await reader.read(`base_model.model.model.mm_projector.${part}`);
  await reader.close();
  return values;
}

async function withProjector(backbone = scratch.backbone): Promise<URL> {
  const folder = await scratch.copy(backbone);
  await cp(PROJECTOR, new URL("mm_projector.bin", folder));
  return folder;
}

async function refusal(folder: URL): Promise<string> {
  const error: unknown = await tinySource(folder, scratch.tower)
    .inspect()
    .catch((thrown: unknown) => thrown);
  expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
  return String(error);
}

describe("the projector that a first stage saved beside its backbone", () => {
  it.each([1, 2])("is the model's own, beside weights in %d files", async (shards) => {
    const { backbone, tower } = await writeTinyLlava(scratch.fresh(), { shards });
    const model = await tinySource(await withProjector(backbone), tower).open();
    for (const part of PARTS) {
      const { values } = await weightOf(model, `mm_projector.${part}`);
      expect(values).toEqual(await storedValues(part));
    }
    model.dispose();
  });

  it("affects the checkpoint's content", async () => {
    const digest = async (folder: URL): Promise<string> =>
      (await tinySource(folder, scratch.tower).inspect()).content.digest();
    expect(await digest(await withProjector())).not.toBe(await digest(scratch.backbone));
  });

  it("is not needed to read text", async () => {
    await expect(tinySource(await withProjector()).inspect()).resolves.toMatchObject({ readsImages: false });
  });

  it("is ignored if the checkpoint has its own, as LLaVA's final checkpoints do", async () => {
    const model = await tinySource(scratch.backbone, scratch.tower).open();
    const saved = scratch.fresh();
    await model.save(saved);
    const { values } = await weightOf(model, "mm_projector.0.weight");
    model.dispose();
    const again = await tinySource(await withProjector(saved), scratch.tower).open();
    expect((await weightOf(again, "mm_projector.0.weight")).values).toEqual(values);
    again.dispose();
  });

  it.each([
    ["cut short", "PK\u0003\u0004", "mm_projector.bin is damaged"],
    ["a pointer", "version https://git-lfs.github.com/spec/v1\n", "mm_projector.bin is a Git LFS pointer"],
  ])("is refused when it is %s, never replaced by a random one", async (_, content, message) => {
    const folder = await withProjector();
    await writeFile(new URL("mm_projector.bin", folder), content);
    expect(await refusal(folder)).toContain(message);
  });

  it("is refused when it belongs to another tower, holds other tensors too, or exists twice", async () => {
    const { backbone } = await writeTinyLlava(scratch.fresh(), { shards: 2 });
    const folder = await withProjector(backbone);
    const tensors = PARTS.map((part) => {
      const shape = part.endsWith("bias") ? [16] : [16, part.startsWith("0") ? 8 : 16];
      const length = shape.reduce((product, size) => product * size, 1);
      return { name: `mm_projector.${part}`, shape, dtype: "F32" as const, data: () => new Float32Array(length) };
    });
    const write = (more: readonly (typeof tensors)[number][], of = tensors): Promise<string> =>
      writeSafetensors(new URL("mm_projector.safetensors", folder), [...of, ...more]);
    await write([]);
    expect(await refusal(folder)).toContain("holds both mm_projector.bin and mm_projector.safetensors. Keep the one");

    await rm(new URL("mm_projector.bin", folder));
    await tinySource(folder, scratch.tower).inspect();
    await write([{ name: "model.embed_tokens.weight", shape: [1], dtype: "F32", data: () => new Float32Array(1) }]);
    expect(await refusal(folder)).toContain(
      "mm_projector.safetensors holds 1 tensor that config.json does not account for",
    );
    await write([], tensors.slice(1));
    expect(await refusal(folder)).toMatch(/"model\.mm_projector\.0\.weight" is missing in .*mm_projector\.safetensors/);
    await write(
      [{ name: "mm_projector.0.weight", shape: [16, 9], dtype: "F32", data: () => new Float32Array(144) }],
      tensors.slice(1),
    );
    expect(await refusal(folder)).toContain("is [16, 9], but config.json makes it [16, 8]");
  });
});
