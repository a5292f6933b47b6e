import { readFile } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { loadTokenizer } from "@mlan/model-llava";
import { expectSurvival, jsonMutations, type Mutation, mutations, peakBytes } from "@mlan/testing";
import { expect, test } from "vitest";
import { folderOf, tinyJson, tinySentencePiece, tokenizerOf } from "./tokenizer-folders.ts";

const isTyped = (error: unknown): boolean => MlanError.is(error, "invalid-checkpoint");

async function loadAndUse(files: Readonly<Record<string, string | Uint8Array | URL>>): Promise<void> {
  const tokenizer = await loadTokenizer(await folderOf(files));
  const ids = tokenizer.encode("the  red bus</s>é 😀\n", { beginOfSequence: true });
  for (const id of ids) expect(Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize).toBe(true);
  expect(tokenizer.decode(ids)).toBeTypeOf("string");
}

/** A tokenizer small enough to change each position of its files. */
const SMALL = {
  added_tokens: ["<unk>", "<s>", "</s>"].map((content, id) => ({ id, content, special: true, lstrip: false })),
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "Prepend", prepend: "\u2581" },
      { type: "Replace", pattern: { String: " " }, content: "\u2581" },
    ],
  },
  pre_tokenizer: null,
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }],
    special_tokens: { "<s>": { ids: [1] } },
  },
  decoder: {
    type: "Sequence",
    decoders: [
      { type: "Replace", pattern: { String: "\u2581" }, content: " " },
      { type: "ByteFallback" },
      { type: "Fuse" },
      { type: "Strip", content: " ", start: 1, stop: 1 },
    ],
  },
  model: {
    type: "BPE",
    byte_fallback: true,
    unk_token: "<unk>",
    fuse_unk: false,
    ignore_merges: false,
    vocab: { "<unk>": 0, "<s>": 1, "</s>": 2, t: 3, h: 4, e: 5, he: 6, the: 7, "\u2581": 8 },
    merges: ["h e", ["t", "he"]],
  },
};

test("600 damaged copies of tokenizer.json", async () => {
  const outcome = await expectSurvival(mutations(await readFile(tinyJson), 600, 21), {
    attempt: (bytes) => loadAndUse({ "tokenizer.json": bytes }),
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(100);
});

test("600 damaged copies of tokenizer.model", async () => {
  const outcome = await expectSurvival(mutations(await readFile(tinySentencePiece), 600, 22), {
    attempt: (bytes) => loadAndUse({ "tokenizer.model": bytes }),
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(100);
});

test.each([
  ["tokenizer.json", SMALL],
  [
    "tokenizer.json",
    {
      ...SMALL,
      normalizer: { type: "NFC" },
      pre_tokenizer: { type: "Metaspace", replacement: "\u2581", prepend_scheme: "first", split: true },
      decoder: { type: "Metaspace", replacement: "\u2581", prepend_scheme: "first" },
      added_tokens: [
        ...SMALL.added_tokens,
        { id: 9, content: "red", special: false, lstrip: true, rstrip: true, single_word: true, normalized: true },
      ],
    },
  ],
  [
    "tokenizer_config.json",
    {
      legacy: false,
      tokenizer_class: "LlamaTokenizer",
      add_prefix_space: false,
      add_bos_token: true,
      clean_up_tokenization_spaces: true,
      bos_token: "<s>",
      eos_token: { content: "</s>", lstrip: false },
      pad_token: "<pad>",
      added_tokens_decoder: {
        1: { content: "<s>", special: true },
        9: { content: "red", lstrip: true, rstrip: true, single_word: true, normalized: false },
      },
    },
  ],
  ["special_tokens_map.json", { bos_token: "<s>", unk_token: { content: "<unk>" } }],
  ["added_tokens.json", { "<pad>": 9, "<s>": 1 }],
])("hostile values at every place of %s", async (name, value) => {
  const outcome = await expectSurvival(jsonMutations(value), {
    attempt: (changed) =>
      loadAndUse({ "tokenizer.json": JSON.stringify(SMALL), [name]: JSON.stringify(changed) ?? "" }),
    isTyped,
  });
  expect(outcome.refused).toBeGreaterThan(20);
});

test("tokens of any length, and any number of them", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`<${"y".repeat(50)}${index}>`, 9 + index]),
  );
  for (const added of [{ ["x".repeat(100_000)]: 9 }, many])
    await loadAndUse({ "tokenizer.json": JSON.stringify(SMALL), "added_tokens.json": JSON.stringify(added) });
});

test.each([false, undefined])("tokens that absorb white space, in megabytes of it, legacy %s", async (legacy) => {
  const flags = { lstrip: true, rstrip: true, single_word: true, special: false };
  const added_tokens = [
    ...SMALL.added_tokens,
    { id: 9, content: "<w>", ...flags },
    { id: 10, content: " \t", ...flags },
  ];
  const tokenizer = await loadTokenizer(
    await folderOf({
      "tokenizer.json": JSON.stringify({ ...SMALL, added_tokens }),
      "tokenizer_config.json": JSON.stringify({ legacy }),
    }),
  );
  const texts = [" ", " \t", "  <w>", "<w>  "].map((part) => ({ change: part, input: `${part.repeat(200_000)}t` }));
  const outcome = await expectSurvival(texts, { attempt: (text) => tokenizer.encode(text), isTyped });
  expect(outcome).toEqual({ accepted: 4, refused: 0 });
});

test("steps that make text grow endlessly are refused", async () => {
  const step = { type: "Replace", pattern: { String: "a" }, content: "aa" };
  for (const [change, says] of [
    [
      { normalizer: { type: "Sequence", normalizers: Array.from({ length: 40 }, () => step) } },
      /longer by 40 steps of Replace/,
    ],
    [{ decoder: { type: "Sequence", decoders: [step, step] } }, /longer by 2 steps of Replace/],
    [{ normalizer: { ...step, content: "a".repeat(100) } }, /normalizer.content/],
  ] as const) {
    const folder = await folderOf({ "tokenizer.json": JSON.stringify({ ...SMALL, ...change }) });
    await expect(loadTokenizer(folder)).rejects.toThrow(says);
  }
});

/** 250 texts: kinds of characters, single, doubled, between words, and in runs of various lengths. */
function* hostileTexts(): Generator<Mutation<string>> {
  const odd = [
    ..."\0\u0001\b\t\n\v\f\r\u001b\u007f\u0085\u00a0\u00ad\u0300\u061c\u200b\u200d\u200e\u2028\u202e\u2060\u2581\u3000\ud7ff\ue000\ufeff\ufffd\uffff",
    ..."😀🏳👨",
    "👨‍👩‍👧‍👦",
    "e\u0301\u0301\u0301",
    "\ud800",
    "\udc00",
    "\udc00\ud800",
    "<0x41>",
    "<s>",
    "</s></s>",
    "<unk>",
    "<image>",
    "$^.*+?()[]{}|/\\",
    "𝔘𝔫𝔦",
    "ﷺ",
    "İ",
    "ŉ",
    "%s%n",
    "${x}",
    "../../x",
  ];
  for (const text of odd) {
    for (const input of [text, text + text, `a ${text} b`, ` ${text} `, text.repeat(1000)])
      yield { change: JSON.stringify(input.slice(0, 20)), input };
  }
}

test("250 hostile texts are encoded, and decode to themselves except for special tokens and lone surrogates", async () => {
  const tokenizer = await tokenizerOf(tinySentencePiece, false);
  let texts = 0;
  const outcome = await expectSurvival(hostileTexts(), {
    attempt: (text) => {
      texts++;
      const ids = tokenizer.encode(text);
      expect(ids.every((id) => id >= 0 && id < tokenizer.vocabularySize)).toBe(true);
      const back = tokenizer.decode(ids);
      const whole = text.replace(/\p{Surrogate}/gu, "\ufffd");
      if (!/<0x41>|<\/?s>|<unk>|[\u2581\ufeff]/.test(text)) expect(back).toBe(whole);
    },
    isTyped,
  });
  expect(outcome.refused).toBe(0);
  expect(texts).toBeGreaterThanOrEqual(200);
});

test.each([
  ["10 MB of one letter", "a".repeat(10_000_000)],
  ["spaces", " ".repeat(2_000_000)],
  ["one word", "theredbus".repeat(250_000)],
  ["line ends", "\n".repeat(2_000_000)],
  ["special tokens", "</s>".repeat(500_000)],
])("megabytes without end are encoded in bounded memory: %s", async (_, text) => {
  const tokenizer = await tokenizerOf(tinyJson, false);
  const peakBefore = peakBytes();
  expect(tokenizer.encode(text).length).toBeGreaterThan(200_000);
  expect(peakBytes() - peakBefore).toBeLessThan(2e9);
});
