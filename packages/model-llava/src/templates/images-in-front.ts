import { IMAGE_PLACEHOLDER, imagesInFront, stripAsPython, type Turn } from "@mlan/core";

/**
 * Moves the placeholders of a turn to its front, one per image, and strips white space around the text
 * (`preprocess_multimodal` of LLaVA). A turn without a placeholder is unchanged.
 */
export function imagesToFront(turn: Turn, images: number): Turn {
  if (!turn.text.includes(IMAGE_PLACEHOLDER)) return turn;
  const text = stripAsPython(turn.text.replaceAll(IMAGE_PLACEHOLDER, ""));
  return { ...turn, text: stripAsPython(imagesInFront(images) + text) };
}
