import { IMAGE_PLACEHOLDER } from "@mlan/core";
import type { EncodeOptions, Tokenizer } from "./tokenizer/tokenizer.ts";
import { IMAGE_TOKEN_INDEX } from "./tokens.ts";

/**
 * Encodes a text with image placeholders, like `tokenizer_image_token` of LLaVA. Each piece between placeholders is
 * encoded separately, and {@link IMAGE_TOKEN_INDEX} joins the pieces. If the tokenizer adds a space before a text, it
 * adds one before each piece. A begin-of-sequence token comes first unless `beginOfSequence` is false.
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
    // One by one, because a call has a maximum number of arguments.
    for (const id of tokenizer.encode(piece)) ids.push(id);
  }
  return ids;
}
