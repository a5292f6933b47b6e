import { readFile } from "node:fs/promises";
import { Tokenizer as FastTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyJson, tokenizerOf } from "./tokenizer-folders.ts";

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";

/**
 * Prompts of every kind in the harnesses of arXiv 2411.10557; the language harness encodes them with the fast
 * tokenizer.
 */
const PROMPTS = [
  `${SYSTEM} USER: Context: Matter has states.\nQuestion: Which is a solid? Choose the best option from below:\nA: ice\nB: steam\n ASSISTANT: The answer is "`,
  `\n${SYSTEM} USER: Please answer with "yes" or "no":\nIs there a snowboard in the image?\n ASSISTANT: The best answer is "`,
  `User: Context: Tom went home.\nQuestion: Where did Tom go?\nChoose the best option from the choices provided:\nA: School\nB: Home\nC: Work\nD: Shop\nAssistant: The best answer is"`,
  `User: Ice is Choose the best option from the choices provided:\nA: hot\nB: cold\nAssistant: The best answer is"`,
  'Context: “Tänze”  cost 3 €.\n\nQuestion:\tis 2+2 = 4?\nAnswer:"',
];

test.each([false, true])("the fast tokenizer and the slow one agree on prompts (legacy %s)", async (legacy) => {
  const slow = await tokenizerOf(tinyJson, legacy);
  const fast = new FastTokenizer(JSON.parse(await readFile(tinyJson, "utf8")), {});
  for (const text of PROMPTS)
    expect(slow.encode(text), text).toEqual(fast.encode(text, { add_special_tokens: false }).ids);
});

test("this package merges any text of any length like the library", async () => {
  const ours = await tokenizerOf(tinyJson, false);
  const library = new FastTokenizer(JSON.parse(await readFile(tinyJson, "utf8")), {});
  const parts = fc.constantFrom("the", " ", "red", "bus", "aaa", "ee", "é", "\n", "😀", "s", ",", "t", "h", "her");
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 60 }), (words) => {
      const text = words.join("");
      expect(ours.encode(text)).toEqual(library.encode(text, { add_special_tokens: false }).ids);
    }),
    { numRuns: 500 },
  );
});
