import { IMAGE_PLACEHOLDER, imagesInFront, stripAsPython, type Turn } from "@mlan/core";

/**
 * A turn with its placeholders moved to the front, as many as it has images, and without white space around
 * (`preprocess_multimodal` of LLaVA). A turn without a placeholder stays as it is.
 */
export function imagesToFront(turn: Turn, images: number): Turn {
  if (!turn.text.includes(IMAGE_PLACEHOLDER)) return turn;
  const text = stripAsPython(turn.text.replaceAll(IMAGE_PLACEHOLDER, ""));
  return { ...turn, text: stripAsPython(imagesInFront(images) + text) };
}
