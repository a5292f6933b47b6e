import { readFile } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { byteLevelTokenizer } from "@mlan/model-llava";
import { expectSurvival, jsonMutations, mutations, peakBytes } from "@mlan/testing";
import { expect, test } from "vitest";
import { smallByteLevel } from "./small-byte-level.ts";
import { folderOf } from "./tokenizer-folders.ts";

const isTyped = (error: unknown): boolean => MlanError.is(error, "invalid-checkpoint");
const CHATML = new URL("fixtures/tokenizer/byte-level/chatml/", import.meta.url);

async function loadAndUse(files: Readonly<Record<string, string | Uint8Array | URL>>): Promise<void> {
  const tokenizer = await byteLevelTokenizer.load(await folderOf(files));
  const text = "the  red bus's <|im_end|>é 12 😀\n\n";
  const ids = [...tokenizer.encode(text, { beginOfSequence: true }), ...tokenizer.encodeParts([text]).flat()];
  for (const id of ids) expect(Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize).toBe(true);
  expect(tokenizer.decode(ids)).toBeTypeOf("string");
}

test("600 damaged copies of tokenizer.json", async () => {
  const outcome = await expectSurvival(mutations(await readFile(new URL("tokenizer.json", CHATML)), 600, 23), {
    attempt: (bytes) =>
      loadAndUse({ "tokenizer.json": bytes, "tokenizer_config.json": new URL("tokenizer_config.json", CHATML) }),
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(100);
});

test("600 damaged copies of vocab.json and merges.txt", async () => {
  const { model } = JSON.parse(await readFile(new URL("tokenizer.json", CHATML), "utf8"));
  const files = {
    "vocab.json": JSON.stringify(model.vocab),
    "merges.txt": model.merges.map((merge: string[]) => merge.join(" ")).join("\n"),
    "tokenizer_config.json": JSON.stringify({ tokenizer_class: "Qwen2Tokenizer", eos_token: "<|im_end|>" }),
  };
  for (const name of ["vocab.json", "merges.txt"] as const) {
    const outcome = await expectSurvival(mutations(Buffer.from(files[name]), 300, 24), {
      attempt: (bytes) => loadAndUse({ ...files, [name]: bytes }),
      isTyped,
    });
    expect(outcome.refused).toBeGreaterThan(50);
  }
});

const chatml = JSON.parse(await readFile(new URL("tokenizer.json", CHATML), "utf8"));
const small = smallByteLevel(["<|begin|>", "<|im_end|>"], {
  normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }] },
  pre_tokenizer: chatml.pre_tokenizer,
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<|begin|>" } }, { Sequence: { id: "A" } }],
    special_tokens: { "<|begin|>": { ids: [296] } },
  },
});

test("hostile values at every place of tokenizer.json but its vocabulary", async () => {
  const { model, ...rest } = small;
  const { vocab, merges, ...modelRest } = model;
  const outcome = await expectSurvival(jsonMutations({ ...rest, model: modelRest }), {
    attempt: (changed) => {
      const content = Object(changed);
      const whole = content.model instanceof Object ? { vocab, merges, ...content.model } : content.model;
      return loadAndUse({
        "tokenizer.json": JSON.stringify({ ...content, model: whole }),
        "tokenizer_config.json": JSON.stringify({ eos_token: "<|im_end|>" }),
      });
    },
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(200);
});

test.each([
  [
    "tokenizer_config.json",
    {
      bos_token: null,
      eos_token: { content: "<|im_end|>", lstrip: false },
      pad_token: "<|im_end|>",
      add_bos_token: false,
      split_special_tokens: false,
      additional_special_tokens: ["<|begin|>"],
      added_tokens_decoder: { 298: { content: "<tool>", special: false, normalized: true } },
    },
  ],
  ["special_tokens_map.json", { eos_token: { content: "<|im_end|>" } }],
  ["added_tokens.json", { "<tool>": 298 }],
])("hostile values at every place of %s", async (name, value) => {
  const outcome = await expectSurvival(jsonMutations(value), {
    attempt: (changed) =>
      loadAndUse({
        "tokenizer.json": JSON.stringify(small),
        "tokenizer_config.json": JSON.stringify({ eos_token: "<|im_end|>" }),
        [name]: JSON.stringify(changed) ?? "",
      }),
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(20);
});

test.each([
  ["one letter", "a".repeat(3_000_000)],
  ["spaces", " ".repeat(1_000_000)],
  ["one word", "theredbus".repeat(250_000)],
  ["line ends", "\n".repeat(1_000_000)],
  ["letters of two bytes", "é".repeat(1_000_000)],
  ["marks and letters", "-é".repeat(500_000)],
  ["special tokens", "<|im_end|>".repeat(200_000)],
])("megabytes without end are encoded in bounded memory: %s", async (_, text) => {
  const tokenizer = await byteLevelTokenizer.load(CHATML);
  const peakBefore = peakBytes();
  expect(tokenizer.encode(text).length).toBeGreaterThan(50_000);
  expect(peakBytes() - peakBefore).toBeLessThan(1e9);
});
