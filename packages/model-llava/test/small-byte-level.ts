import { readFile } from "node:fs/promises";
import { byteLevelTokenizer, type Tokenizer } from "@mlan/model-llava";
import { loadFrom } from "./tokenizer-folders.ts";

const CONTENT = JSON.parse(
  await readFile(new URL("fixtures/tokenizer/byte-level/gpt2/tokenizer.json", import.meta.url), "utf8"),
);
const VOCABULARY: Readonly<Record<string, number>> = CONTENT.model.vocab;
const BYTES = Object.keys(VOCABULARY).filter((piece) => [...piece].length === 1);
const MERGES: readonly [string, string][] = CONTENT.model.merges.slice(0, 40);

/** Returns a byte-level `tokenizer.json` with 256 bytes and 40 merges, followed by the given tokens. */
export function smallByteLevel(tokens: readonly string[], changes: object = {}) {
  const pieces = [...BYTES, ...MERGES.map(([left, right]) => left + right)];
  const added = tokens.map((content, index) => ({
    id: pieces.length + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  return { ...CONTENT, added_tokens: added, model: { ...CONTENT.model, vocab, merges: MERGES }, ...changes };
}

/** Loads the tokenizer of a new folder with the given files, written as JSON. */
export async function byteLevelOf(json: unknown, config: unknown, more: object = {}): Promise<Tokenizer> {
  const files = { "tokenizer.json": json, "tokenizer_config.json": config, ...more };
  const texts = Object.entries(files).map(([name, value]) => [name, JSON.stringify(value) ?? ""]);
  return loadFrom(Object.fromEntries(texts), byteLevelTokenizer.load);
}
