import { readdir, readFile, stat } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { MINI_CHECKPOINTS } from "#internal/mini-checkpoint.ts";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { openSafetensors } from "@mlan/safetensors";
import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";

describe.each(MINI_CHECKPOINTS)("the checkpoint %s", (name) => {
  const folder = miniCheckpoint(name);

  it("is small, and says how it was made", async () => {
    for (const file of await readdir(folder)) expect((await stat(new URL(file, folder))).size, file).toBeLessThan(8e6);
    const made = await readJson(new URL("pretraining.json", folder));
    expect(made).toMatchObject({ command: expect.stringContaining("tools/miniworld/"), seed: expect.any(Number) });
    expect(made["curve"]).toEqual(expect.arrayContaining([expect.objectContaining({ loss: expect.any(Number) })]));
  });

  it("has finite weights", async () => {
    const reader = await openSafetensors(folder);
    for (const tensor of reader.entries.keys()) {
      const values = await reader.read(tensor);
      expect(values.every(Number.isFinite), tensor).toBe(true);
    }
    await reader.close();
  });
});

describe("mini-llama2's tokenizer", () => {
  it("has one piece for every word that the world and its prompts use", async () => {
    const tokenizer = await miniTokenizer();
    const texts = [
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.",
      'USER: a1 redcircle c1\nPlease answer with "yes" or "no":\nIs there a red circle in the image? ASSISTANT: The best answer is "yes"',
      "Context: Nora bought a blue cross.\nQuestion: did nora buy a blue cross?\nPlease answer the question with 'yes' or 'no'.",
    ];
    for (const text of texts) {
      const words = text.match(/\p{L}+\d?|[^\p{L} ]/gu) ?? [];
      expect(tokenizer.tokenize(text).map((piece: string) => piece.replace("▁", "").replace("<0x0A>", "\n"))).toEqual(
        words,
      );
    }
  });

  it("gives back any text, by bytes where it has no piece", async () => {
    const tokenizer = await miniTokenizer();
    for (const text of ["a b\n c", "12 é € 猫", 'say "no".', "x  y"]) {
      expect(tokenizer.decode(tokenizer.encode(text).ids, { skip_special_tokens: true })).toBe(text);
    }
  });

  it("puts unknown, beginning and end first, and begins with the beginning", async () => {
    const tokenizer = await miniTokenizer();
    expect(["<unk>", "<s>", "</s>"].map((piece) => tokenizer.token_to_id(piece))).toEqual([0, 1, 2]);
    expect(tokenizer.encode("yes").ids[0]).toBe(1);
  });
});

it("refuses a checkpoint that does not exist", () => {
  const name = JSON.parse('"mini-gpt"');
  expect(() => miniCheckpoint(name)).toThrow(MlanError);
  expect(() => miniCheckpoint(name)).toThrow(/mini-gpt.*mini-llama2/);
});

async function miniTokenizer(): Promise<Tokenizer> {
  const folder = miniCheckpoint("mini-llama2");
  return new Tokenizer(
    await readJson(new URL("tokenizer.json", folder)),
    await readJson(new URL("tokenizer_config.json", folder)),
  );
}

async function readJson(file: URL): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, "utf8"));
}
