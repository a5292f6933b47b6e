import { IMAGE_PLACEHOLDER } from "@mlan/core";
import type { EncodeOptions, Tokenizer } from "./tokenizer/tokenizer.ts";
import { IMAGE_TOKEN_INDEX } from "./tokens.ts";

/**
 * The begin-of-sequence token, unless it is not wanted, then the text between the image placeholders, each piece encoded
 * for itself (with a space of its own in front), joined by {@link IMAGE_TOKEN_INDEX}. As `tokenizer_image_token` of LLaVA.
 */
export function encodeWithImage(
  tokenizer: Tokenizer,
  text: string,
  { beginOfSequence = true }: Pick<EncodeOptions, "beginOfSequence"> = {},
): number[] {
  const [first = "", ...rest] = text.split(IMAGE_PLACEHOLDER);
  const ids = tokenizer.encode(first, { beginOfSequence });
  for (const piece of rest) {
    ids.push(IMAGE_TOKEN_INDEX);
    // One by one: the arguments of a call are bounded, a text is not.
    for (const id of tokenizer.encode(piece)) ids.push(id);
  }
  return ids;
}
