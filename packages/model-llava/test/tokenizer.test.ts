import { MlanError } from "@mlan/core";
import { loadTokenizer } from "@mlan/model-llava";
import fc from "fast-check";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import {
  expected,
  folderOf,
  hasLlama2,
  llama2File,
  tinyJson,
  tinySentencePiece,
  tokenizerOf,
} from "./tokenizer-folders.ts";

describe.each([
  ["tokenizer.model", "tiny", tinySentencePiece, true],
  ["tokenizer.json", "tiny", tinyJson, true],
  ["Llama 2's tokenizer.model", "llama2", llama2File, hasLlama2],
] as const)("%s", (_, name, file, available) => {
  describe.skipIf(!available)("against the slow LlamaTokenizer of transformers", () => {
    test("returns the same ids with one prefix space for the whole text", async () => {
      const tokenizer = await tokenizerOf(file, false);
      for (const { text, ids } of (await expected(name)).rows) expect(tokenizer.encode(text), text).toEqual(ids);
    });

    test("returns the same ids with a prefix space per segment, as with legacy", async () => {
      const tokenizer = await tokenizerOf(file, true);
      for (const { text, legacyIds } of (await expected(name)).rows)
        expect(tokenizer.encode(text), text).toEqual(legacyIds);
    });

    test("returns the same ids for text whose special tokens are treated as text, in one part or split before a word", async () => {
      const tokenizer = await tokenizerOf(file, false);
      for (const { text, literalIds } of (await expected(name)).rows) {
        expect(tokenizer.encodeParts([text]).flat(), text).toEqual(literalIds);
        // After a word, not inside a run of spaces.
        const words = text.split(/(?<=[^ \u2581])(?= )/);
        expect(tokenizer.encodeParts(words).flat(), text).toEqual(literalIds);
      }
    });

    test("returns the fast tokenizer's ids with legacy", async () => {
      const tokenizer = await tokenizerOf(file, false);
      for (const { text, fastIds } of (await expected(name)).rows)
        expect(tokenizer.encode(text, { fast: true }), text).toEqual(fastIds);
    });

    test("decodes bytes that form no character one by one", async () => {
      const tokenizer = await tokenizerOf(file, false);
      for (const { ids, decoded } of (await expected(name)).bytes)
        expect(tokenizer.decode(ids), String(ids)).toBe(decoded);
    });

    test("decodes to the same text", async () => {
      const tokenizer = await tokenizerOf(file, false);
      for (const { ids, decoded } of (await expected(name)).rows) expect(tokenizer.decode(ids)).toBe(decoded);
    });
  });
});

test("knows its special tokens and puts the first in front when asked", async () => {
  const tokenizer = await tokenizerOf(tinyJson, false);
  expect(tokenizer).toMatchObject({ vocabularySize: 440, unknownId: 0, beginOfSequenceId: 1, endOfSequenceId: 2 });
  expect(["<unk>", "<s>", "</s>", "the", "<pad>"].map(tokenizer.idOf)).toEqual([0, 1, 2, undefined, undefined]);
  expect(tokenizer.encode("a red bus", { beginOfSequence: true })).toEqual([1, ...tokenizer.encode("a red bus")]);
});

test("defaults to legacy true, like transformers", async () => {
  const silent = await loadTokenizer(await folderOf({ "tokenizer.model": tinySentencePiece }));
  expect(silent.fingerprint).toBe((await tokenizerOf(tinySentencePiece, true)).fingerprint);
  const text = "before</s>after";
  expect(silent.encode(text)).toEqual((await tokenizerOf(tinyJson, true)).encode(text));
  expect(silent.encode(text)).not.toEqual((await tokenizerOf(tinyJson, false)).encode(text));
});

test("has one fingerprint for both files of a vocabulary, and a different one for different behaviour", async () => {
  const json = await tokenizerOf(tinyJson, false);
  expect((await tokenizerOf(tinySentencePiece, false)).fingerprint).toBe(json.fingerprint);
  expect((await tokenizerOf(tinyJson, true)).fingerprint).not.toBe(json.fingerprint);
});

test.each([false, true])(
  "parts and tokens give the same ids as the text that contains them, legacy %s",
  async (legacy) => {
    const tokenizer = await tokenizerOf(tinyJson, legacy);
    const text = fc
      .array(fc.constantFrom("the", "red", "bus", "a", "\n", "é"), { minLength: 1 })
      .map((words) => words.join(" "));
    fc.assert(
      fc.property(text, text, text, (one, two, three) => {
        const parts = tokenizer.encodeParts([one, ` ${two}`, tokenizer.endOfSequenceId, three]);
        expect(parts.flat()).toEqual(tokenizer.encode(`${one} ${two}</s>${three}`));
      }),
    );
  },
);

test("decodes any text without special tokens to itself", async () => {
  const tokenizer = await tokenizerOf(tinySentencePiece, false);
  const text = fc.string({ unit: "grapheme" }).filter((value) => !/[<\u2581\ufeff]/.test(value));
  fc.assert(
    fc.property(text, (value) => {
      expect(tokenizer.decode(tokenizer.encode(value))).toBe(value);
    }),
  );
});

test("merges words as it merges the whole text", async () => {
  const words = await tokenizerOf(tinyJson, false);
  const json = JSON.parse(await readFile(tinyJson, "utf8"));
  // A piece that extends beyond the end of a word and that no merge creates. Texts are then merged as a whole.
  json.model.vocab["never\u2581made"] = 440;
  const config = JSON.stringify({ legacy: false });
  const whole = await loadTokenizer(
    await folderOf({ "tokenizer.json": JSON.stringify(json), "tokenizer_config.json": config }),
  );
  const text = fc
    .array(fc.constantFrom("the", " ", "  ", "red", "bus", "a", "\n", "é", "s", ","))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (value) => {
      expect(words.encode(value)).toEqual(whole.encode(value));
    }),
  );
});

describe("refuses", () => {
  const refusal = async (files: Record<string, string | Uint8Array>): Promise<string> => {
    const error: unknown = await loadTokenizer(await folderOf(files)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!MlanError.is(error, "invalid-checkpoint"))
      throw new Error(`expected an invalid-checkpoint error, got ${error}`);
    return error.message;
  };
  const json = (change: object): string =>
    JSON.stringify({ normalizer: null, pre_tokenizer: null, model: {}, ...change });

  test("a folder without a tokenizer", async () => {
    expect(await refusal({})).toMatch(/has neither tokenizer.json nor tokenizer.model/);
  });

  test("other kinds of tokenizer.json, saying which", async () => {
    const bpe = { type: "BPE", byte_fallback: true, vocab: { "</s>": 0 }, merges: [] };
    const refused = (change: object): Promise<string> => refusal({ "tokenizer.json": json({ model: bpe, ...change }) });
    expect(await refused({ model: { type: "WordPiece" } })).toMatch(
      /tokenizer.json: the tokenizer is of type WordPiece. Only BPE tokenizers are supported: .*Llama/,
    );
    expect(await refused({ pre_tokenizer: { type: "Whitespace" } })).toMatch(/splits text with Whitespace/);
    expect(await refused({ pre_tokenizer: { type: "Metaspace", replacement: "__" } })).toMatch(
      /marks spaces with "__"/,
    );
    const steps = [{ type: "NFKC" }, { type: "Lowercase" }];
    expect(await refused({ normalizer: { type: "Sequence", normalizers: steps } })).toMatch(
      /normalizes text with Lowercase/,
    );
    expect(await refused({ decoder: { type: "CTC" } })).toMatch(/decodes with CTC/);
    expect(await refused({ post_processor: { type: "BertProcessing" } })).toMatch(/around text with BertProcessing/);
  });

  test("a truncated tokenizer.json, or one with a different structure", async () => {
    const text = await readFile(tinyJson, "utf8");
    expect(await refusal({ "tokenizer.json": text.slice(0, 9_000) })).toMatch(/tokenizer.json is not JSON/);
    const wrong = { type: "BPE", byte_fallback: true, vocab: { a: "0" }, merges: [] };
    expect(await refusal({ "tokenizer.json": json({ model: wrong }) })).toMatch(/"model.vocab.a" is "0"/);
  });

  test("a vocabulary without an end of sequence", async () => {
    const model = { type: "BPE", byte_fallback: true, vocab: {}, merges: [] };
    expect(await refusal({ "tokenizer.json": json({ model }) })).toMatch(/tokenizer_config.json names no eos_token/);
  });

  test("a tokenizer.model truncated anywhere", async () => {
    const bytes = await readFile(tinySentencePiece);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        expect(await refusal({ "tokenizer.model": bytes.subarray(0, length) })).toMatch(/tokenizer.model/);
      }),
      { numRuns: 50 },
    );
  });

  test("bytes that are not a SentencePiece model", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        expect(await refusal({ "tokenizer.model": bytes })).toMatch(/tokenizer.model/);
      }),
      { numRuns: 100 },
    );
  });
});
