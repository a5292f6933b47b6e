import { pathToFileURL } from "node:url";
import { loadTokenizer } from "@mlan/model-llava";
import { randomNumbers } from "./checkpoint/weights.ts";
import type { Prompts } from "./worker.ts";

/** Returns random texts of `length` tokens of the checkpoint's tokenizer, with the tokens. */
export async function randomPrompts(
  checkpoint: string,
  { rows, length, seed }: { readonly rows: number; readonly length: number; readonly seed: number },
): Promise<Pick<Prompts, "texts"> & { readonly tokens: readonly (readonly number[])[] }> {
  const tokenizer = await loadTokenizer(pathToFileURL(checkpoint));
  const random = randomNumbers(seed);
  const letter = (): string => String.fromCharCode(97 + Math.floor(random() * 26));
  const encode = (text: string): readonly number[] => tokenizer.encode(text, { beginOfSequence: true });
  const texts: string[] = [];
  while (texts.length < rows) {
    let text = letter();
    // One more letter may merge two tokens into one, so a length may be skipped.
    while (encode(text).length < length) text += random() < 0.2 ? ` ${letter()}` : letter();
    if (encode(text).length === length) texts.push(text);
  }
  return { texts, tokens: texts.map(encode) };
}
