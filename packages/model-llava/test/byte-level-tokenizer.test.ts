import { readFile } from "node:fs/promises";
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { MlanError } from "@mlan/core";
import { byteLevelTokenizer, type Tokenizer } from "@mlan/model-llava";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { byteLevelOf, smallByteLevel } from "./small-byte-level.ts";
import { folderOf } from "./tokenizer-folders.ts";

const FOLDER = new URL("fixtures/tokenizer/byte-level/", import.meta.url);

interface Expected {
  readonly rows: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    /** Ids with the tokens added around the text. */
    readonly withBegin: number;
    /** Ids with added tokens treated as text. */
    readonly literalIds: readonly number[];
    readonly decoded: string;
  }[];
  readonly decoded: readonly { readonly ids: readonly number[]; readonly decoded: string }[];
}

describe.each(["gpt2", "chatml", "llama3", "digits"])("%s, against transformers", (name) => {
  let tokenizer: Tokenizer;
  let expected: Expected;
  beforeAll(async () => {
    const folder = new URL(`${name}/`, FOLDER);
    tokenizer = await byteLevelTokenizer.load(folder);
    // Recorded by `tools/fixtures/model_llava_byte_level.py`.
    expected = JSON.parse(await readFile(new URL("expected.json", folder), "utf8"));
  });

  test("returns the same ids, with and without the begin-of-sequence token", () => {
    expect(expected.rows.length).toBeGreaterThan(150);
    for (const { text, ids, withBegin } of expected.rows) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
      const whole = tokenizer.encode(text, { beginOfSequence: true });
      expect(whole.slice(withBegin)).toEqual(ids);
      expect(whole.slice(0, withBegin)).toEqual(withBegin ? [tokenizer.beginOfSequenceId] : []);
    }
  });

  test("returns the same ids for text whose added tokens are treated as text", () => {
    for (const { text, literalIds } of expected.rows)
      expect(tokenizer.encodeParts([text]).flat(), JSON.stringify(text)).toEqual(literalIds);
  });

  test("decodes the same text, including bytes that form no character", () => {
    for (const { ids, decoded } of [...expected.rows, ...expected.decoded])
      expect(tokenizer.decode(ids), String(ids)).toBe(decoded);
  });
});

const END = { eos_token: "<|end|>" };

describe("with files like those of published models", () => {
  test("knows the token that it puts in front of a text, and its tokens by content", async () => {
    const chatml = await byteLevelTokenizer.load(new URL("chatml/", FOLDER));
    expect(chatml).toMatchObject({ beginOfSequenceId: undefined, unknownId: undefined });
    expect(chatml.endOfSequenceId).toBe(chatml.idOf("<|im_end|>"));
    expect(["<tool_call>", "a", "Ġthe", "<pad>"].map((token) => typeof chatml.idOf(token))).toEqual([
      "number",
      "undefined",
      "undefined",
      "undefined",
    ]);
    const llama3 = await byteLevelTokenizer.load(new URL("llama3/", FOLDER));
    expect(llama3.beginOfSequenceId).toBe(llama3.idOf("<|begin_of_text|>"));
    // GPT-2 names a begin-of-sequence token but does not use it.
    expect((await byteLevelTokenizer.load(new URL("gpt2/", FOLDER))).beginOfSequenceId).toBeUndefined();
  });

  test("puts a begin-of-sequence token in front as tokenizer.json says, whatever the flag beside it", async () => {
    const tokens = ["<|begin|>", "<|end|>"];
    const config = { ...END, bos_token: "<|begin|>", add_bos_token: true };
    expect((await byteLevelOf(smallByteLevel(tokens), config)).beginOfSequenceId).toBeUndefined();
    const single = [{ SpecialToken: { id: "<|begin|>" } }, { Sequence: { id: "A" } }];
    const special_tokens = { "<|begin|>": { ids: [296] } };
    const processor = { post_processor: { type: "TemplateProcessing", single, special_tokens } };
    const tokenizer = await byteLevelOf(smallByteLevel(tokens, processor), { ...config, add_bos_token: false });
    expect(tokenizer.encode("a", { beginOfSequence: true })).toEqual([296, ...tokenizer.encode("a")]);
  });

  test("takes tokens from the files beside tokenizer.json", async () => {
    const json = smallByteLevel(["<|end|>"]);
    const config = { ...END, added_tokens_decoder: { 297: { content: "<|more|>", special: true } } };
    expect((await byteLevelOf(json, config)).encode("a<|more|>")).toEqual([64, 297]);
    const older = { "added_tokens.json": { "<|more|>": 297 }, "special_tokens_map.json": END };
    const tokenizer = await byteLevelOf(json, {}, older);
    expect(tokenizer.encode("a<|more|>")).toEqual([64, 297]);
    expect(tokenizer.endOfSequenceId).toBe(296);
  });

  test("drops the text that a split removes, like tokenizers 0.23", async () => {
    const step = { type: "Split", pattern: { Regex: "\\p{L}+|2" }, behavior: "Removed", invert: true };
    const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
    const json = smallByteLevel(["<|end|>"], { pre_tokenizer: { type: "Sequence", pretokenizers: [step, bytes] } });
    const tokenizer = await byteLevelOf(json, END);
    expect(tokenizer.decode(tokenizer.encode("a bc! 23é"))).toBe("abc2é");
  });

  test("does not recognize half of a surrogate pair as a token", async () => {
    const tokens = ["<|end|>", "\ude00", "\ud83d"];
    const tokenizer = await byteLevelOf(smallByteLevel(tokens), END);
    expect(tokenizer.encode("a\u{1f600}b")).toEqual(tokenizer.encodeParts(["a\u{1f600}b"]).flat());
    expect(tokenizer.decode(tokenizer.encode("a\u{1f600}\ude00"))).toBe("a\u{1f600}\ufffd");
  });

  test("has a different fingerprint when a text could be encoded differently", async () => {
    const json = smallByteLevel(["<|end|>"]);
    const { fingerprint } = await byteLevelOf(json, END);
    expect((await byteLevelOf(smallByteLevel(["<|end|>"]), END)).fingerprint).toBe(fingerprint);
    const digits = { type: "Sequence", pretokenizers: [{ type: "Digits" }, json.pre_tokenizer] };
    for (const changed of [
      smallByteLevel(["<|end|>"], { normalizer: { type: "NFC" } }),
      smallByteLevel(["<|end|>"], { pre_tokenizer: digits }),
      smallByteLevel(["<|end|>"], { model: { ...json.model, ignore_merges: true } }),
      smallByteLevel(["<|end|>"], { added_tokens: [{ ...json.added_tokens[0], normalized: true }] }),
      smallByteLevel(["<|end|>", "<|x|>"]),
    ])
      expect((await byteLevelOf(changed, END)).fingerprint).not.toBe(fingerprint);
  });

  test("merges any text of any length like the tokenizers library", async () => {
    const library = new LibraryTokenizer(
      JSON.parse(await readFile(new URL("llama3/tokenizer.json", FOLDER), "utf8")),
      {},
    );
    const ours = await byteLevelTokenizer.load(new URL("llama3/", FOLDER));
    const part = fc.constantFrom(
      "the",
      " ",
      "red",
      " bus",
      "it's",
      "é",
      "\n",
      "😀",
      "123",
      "4",
      ",",
      " blue",
      "日本",
      "<|eot_id|>",
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 60 }), (parts) => {
        const text = parts.join("");
        expect(ours.encode(text)).toEqual(library.encode(text, { add_special_tokens: false }).ids);
      }),
      { numRuns: 300 },
    );
  });

  test("decodes any text to its normalized form", async () => {
    const tokenizer = await byteLevelTokenizer.load(new URL("chatml/", FOLDER));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(tokenizer.decode(tokenizer.encodeParts([value]).flat())).toBe(value.normalize("NFC"));
      }),
    );
  });
});

describe("refuses files that it would encode differently", () => {
  const split = (step: object): object => ({
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Split", behavior: "Isolated", ...step }, BYTES] },
  });
  const BYTES = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
  const { model } = smallByteLevel([]);
  const { "!": _, ...fewer } = model.vocab;
  test.each([
    [
      "another model",
      { model: { type: "Unigram", vocab: [] } },
      /is of type Unigram\. Only BPE tokenizers are supported/,
    ],
    ["merges at random", { model: { ...model, dropout: 0.1 } }, /dropout/],
    [
      "marks within words",
      { model: { ...model, end_of_word_suffix: "</w>" } },
      /marks pieces inside words with "<\/w>"/,
    ],
    ["a byte without a piece", { model: { ...model, vocab: fewer } }, /has no piece for the byte 33/],
    ["a merge of missing pieces", { model: { ...model, merges: [["q", "q"]] } }, /joins "q q"/],
    ["other changes of text", { normalizer: { type: "Lowercase" } }, /normalizes text with Lowercase/],
    ["no bytes", { pre_tokenizer: { type: "Whitespace" } }, /does not turn text into bytes/],
    ["no words", { pre_tokenizer: null }, /does not turn text into bytes/],
    ["another cut", split({ type: "Punctuation" }), /splits text with Punctuation/],
    ["a cut by a string", split({ pattern: { String: " " } }), /splits text with Split/],
    ["merged cuts", split({ pattern: { Regex: "a" }, behavior: "MergedWithNext" }), /behavior "MergedWithNext"/],
    ["possessive quantifiers", split({ pattern: { Regex: "\\p{L}?+a" } }), /"\?\+" is not supported/],
    ["other flags", split({ pattern: { Regex: "(?i:\\p{Lu})" } }), /"\(\?" is not supported/],
    ["escapes of Oniguruma", split({ pattern: { Regex: "\\h+" } }), /"\\\\h" is not supported/],
    ["no pattern", split({ pattern: { Regex: "[a" } }), /not a usable pattern: Unterminated/],
    ["a pattern of nothing", split({ pattern: { Regex: "a*" } }), /it matches no characters/],
    ["another decoder", { decoder: { type: "WordPiece" } }, /decodes with WordPiece/],
    ["no text between tokens", around({ SpecialToken: { id: "<|end|>" } }), /around text without a place for the text/],
    [
      "tokens in front of text",
      around({ SpecialToken: { id: "<|end|>" } }, { SpecialToken: { id: "<|end|>" } }, { Sequence: { id: "A" } }),
      /several tokens in front of text/,
    ],
    [
      "words after bytes",
      { pre_tokenizer: { type: "Sequence", pretokenizers: [BYTES, { type: "Digits" }, BYTES] } },
      /splits text again after converting it to bytes/,
    ],
    ["another way to put tokens", { post_processor: { type: "BertProcessing" } }, /around text with BertProcessing/],
    [
      "a begin of another id",
      around({ SpecialToken: { id: "<|end|>" } }, { Sequence: { id: "A" } }),
      /gives the token "<\|end\|>" the ids \[7\], but the vocabulary has 296/,
    ],
  ])("%s", async (__, changes, message) => {
    expect(await refusal(smallByteLevel(["<|end|>"], changes), END)).toMatch(message);
  });

  test.each([
    ["no end of sequence", {}, /names no eos_token, so answers would never end/],
    ["special tokens as text", { ...END, split_special_tokens: true }, /"split_special_tokens" is true/],
  ])("of tokenizer_config.json: %s", async (__, config, message) => {
    expect(await refusal(smallByteLevel(["<|end|>"]), config)).toMatch(message);
  });

  test("a folder of vocab.json and merges.txt, saying what to do", async () => {
    const folder = await folderOf({ "vocab.json": "{}", "merges.txt": "", "tokenizer_config.json": "{}" });
    await expect(byteLevelTokenizer.load(folder)).rejects.toThrow(
      /do not say how text is split .* save_pretrained writes/,
    );
    await expect(byteLevelTokenizer.load(await folderOf({}))).rejects.toThrow(
      /neither tokenizer.json nor vocab.json with merges.txt; it holds nothing/,
    );
  });
});

function around(...single: object[]): object {
  return { post_processor: { type: "TemplateProcessing", single, special_tokens: { "<|end|>": { ids: [7] } } } };
}

async function refusal(json: unknown, config: unknown): Promise<string> {
  const error: unknown = await byteLevelOf(json, config).catch((thrown: unknown) => thrown);
  if (!MlanError.is(error, "invalid-checkpoint")) throw new Error(`expected an invalid-checkpoint error, got ${error}`);
  return error.message;
}
