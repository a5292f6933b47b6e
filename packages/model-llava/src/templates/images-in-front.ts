import { IMAGE_PLACEHOLDER, imagesInFront, type Turn } from "@mlan/core";

/**
 * A turn with its placeholders moved to the front, as many as it has images, and without white space around
 * (`preprocess_multimodal` of LLaVA). A turn without a placeholder stays as it is.
 */
export function imagesToFront(turn: Turn, images: number): Turn {
  if (!turn.text.includes(IMAGE_PLACEHOLDER)) return turn;
  const text = stripAsPython(turn.text.replaceAll(IMAGE_PLACEHOLDER, ""));
  return { ...turn, text: stripAsPython(imagesInFront(images) + text) };
}

// What Python's str.strip takes away; JavaScript's trim knows U+FEFF instead of U+001C to U+001F and U+0085.
const SPACE = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
/** The look-behind lets an attempt start only at the head of a run, which keeps it linear. */
const AROUND = new RegExp(`^${SPACE}+|(?<!${SPACE})${SPACE}+$`, "g");

/** `str.strip()`. */
export function stripAsPython(text: string): string {
  return text.replaceAll(AROUND, "");
}
