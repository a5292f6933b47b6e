import { readFile } from "node:fs/promises";
import { byteLevelTokenizer, type Tokenizer } from "@mlan/model-llava";
import { beforeAll, describe, expect, test } from "vitest";

const FOLDER = new URL("fixtures/tokenizer/byte-level/", import.meta.url);

interface Expected {
  readonly rows: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    /** Tokens that are put around the text. */
    readonly withBegin: number;
    /** With added tokens taken for text. */
    readonly literalIds: readonly number[];
    readonly decoded: string;
  }[];
  readonly decoded: readonly { readonly ids: readonly number[]; readonly decoded: string }[];
}

describe.each(["gpt2", "chatml", "llama3"])("%s, against transformers", (name) => {
  let tokenizer: Tokenizer;
  let expected: Expected;
  beforeAll(async () => {
    const folder = new URL(`${name}/`, FOLDER);
    tokenizer = await byteLevelTokenizer.load(folder);
    // What `tools/fixtures/model_llava_byte_level.py` recorded.
    expected = JSON.parse(await readFile(new URL("expected.json", folder), "utf8"));
  });

  test("gives its ids, with and without the begin-of-sequence token", () => {
    expect(expected.rows.length).toBeGreaterThan(150);
    for (const { text, ids, withBegin } of expected.rows) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
      const whole = tokenizer.encode(text, { beginOfSequence: true });
      expect(whole.slice(withBegin)).toEqual(ids);
      expect(whole.slice(0, withBegin)).toEqual(withBegin ? [tokenizer.beginOfSequenceId] : []);
    }
  });

  test("gives its ids of text whose added tokens are text", () => {
    for (const { text, literalIds } of expected.rows)
      expect(tokenizer.encodeParts([text]).flat(), JSON.stringify(text)).toEqual(literalIds);
  });

  test("decodes as it does, bytes that are no character too", () => {
    for (const { ids, decoded } of [...expected.rows, ...expected.decoded])
      expect(tokenizer.decode(ids), String(ids)).toBe(decoded);
  });
});
