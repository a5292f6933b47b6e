import { textPieces } from "#internal/answer/settled-text.ts";
import { byteLevelTokenizer, llamaTokenizer, type Tokenizer } from "@mlan/model-llava";
import { describe, expect, test } from "vitest";
import { loadFrom } from "./tokenizer-folders.ts";
import { digest, idSequences, kindFiles, kindTexts, type RecordedKind, recordedKinds } from "./tokenizer-kinds.ts";

const texts = await kindTexts();
const auto = await recordedKinds("auto");
const slow = await recordedKinds("slow");

async function tokenizerOf(kind: RecordedKind): Promise<Tokenizer> {
  const { load } = kind.base.startsWith("byte-level") ? byteLevelTokenizer : llamaTokenizer;
  return loadFrom(await kindFiles(kind), load);
}

function expectSame(tokenizer: Tokenizer, { ids, decoded, sequences, size, around, eos }: RecordedKind): void {
  expect(tokenizer.vocabularySize).toBe(size);
  const front = tokenizer.beginOfSequenceId;
  expect(front === undefined ? [] : [front]).toEqual(around[0]);
  // If no file names an end token, the default is used.
  expect(tokenizer.endOfSequenceId).toBe(eos ?? 2);
  const encoded = texts.map((text) => tokenizer.encode(text));
  // Three bytes, which are four characters here, cover ten texts.
  expect(digest(encoded.map(String))).toBe(ids);
  expect(digest(encoded.map((row) => tokenizer.decode(row)))).toBe(decoded);
  expect(digest(idSequences(size).map((row) => tokenizer.decode(row)))).toBe(sequences);
}

test("there are 2,000 texts", () => {
  expect(texts).toHaveLength(2000);
});

describe("like AutoTokenizer of transformers 5", () => {
  test.each(auto.map((kind) => [kind.name, kind] as const))("%s", async (_, kind) => {
    expectSame(await tokenizerOf(kind), kind);
  });
});

describe("like the slow LlamaTokenizer of transformers 4", () => {
  test.each(slow.map((kind) => [kind.name, kind] as const))("%s", async (_, kind) => {
    expectSame(await tokenizerOf(kind), kind);
  });
});

/**
 * All kinds except those with a renamed end token: their tokenizer.json lists the old one too, as a token recognized in
 * text.
 */
const rules = slow.filter(({ name }) => /^(flags, |no space in front, )?legacy/.test(name));
const metaspace = {
  normalizer: null,
  pre_tokenizer: { type: "Metaspace", replacement: "\u2581", prepend_scheme: "first", split: false },
};
describe.each([
  ["a normalizer", {}],
  ["a pre-tokenizer", metaspace],
])("a tokenizer.json that transformers 4 made of it, with %s, is read by the same rules", (_, changes) => {
  test.each(rules.map((kind) => [kind.name, kind] as const))("%s", async (__, kind) => {
    const tokenizer = await tokenizerOf({ ...kind, base: "json", changes });
    expect(digest(texts.map((text) => String(tokenizer.encode(text))))).toBe(kind.ids);
    expect(digest(idSequences(kind.size).map((row) => tokenizer.decode(row)))).toBe(kind.sequences);
  });
});

const cleaned = slow
  .filter(({ files }) => "tokenizer_config.json" in files)
  .map((kind): RecordedKind => {
    const config = { ...Object(kind.files["tokenizer_config.json"]), clean_up_tokenization_spaces: true };
    return { ...kind, name: `cleaned, ${kind.name}`, files: { ...kind.files, "tokenizer_config.json": config } };
  });
test.each([...auto, ...slow, ...cleaned].map((kind) => [kind.name, kind] as const))(
  "text that is decoded token by token adds up, whatever the tokens are: %s",
  async (_, kind) => {
    const tokenizer = await tokenizerOf(kind);
    const encoded = texts.slice(0, 150).map((text) => tokenizer.encode(text));
    for (const ids of [...encoded, ...idSequences(kind.size)]) {
      const pieces = textPieces([]);
      const given = ids.map((__, place) => pieces.more(tokenizer.decodeSettled(ids.slice(0, place + 1))));
      expect(given.join("") + pieces.rest(tokenizer.decode(ids)), String(ids)).toBe(tokenizer.decode(ids));
    }
  },
);
