import {
  type Conversation,
  counted,
  IMAGE_PLACEHOLDER,
  imagesInFront,
  MlanError,
  stripAsPython,
  type Turn,
} from "@mlan/core";

/** A turn as text and the images in front of it. */
export interface PlacedTurn extends Turn {
  readonly images: number;
  /** How many of the placeholders in the text are places of images too, from the first; further ones are text. Default 0. */
  readonly placeholders?: number;
}

/**
 * Gives placeholders in the user's turns to the images, in their order, and moves them to the front of their turn: the
 * first of each turn where as many turns have one as there are images, else the first of all. Throws `invalid-data`,
 * naming the conversation, when there are more images than placeholders.
 */
export function placeImages({ id, turns, images }: Conversation): readonly PlacedTurn[] {
  const shown = turns.filter(({ role, text }) => role === "user" && text.includes(IMAGE_PLACEHOLDER));
  const perTurn = shown.length === images.length ? 1 : images.length;
  let left = images.length;
  const placed = turns.map((turn): PlacedTurn => {
    const [before = "", ...behind] = turn.role === "user" ? turn.text.split(IMAGE_PLACEHOLDER) : [turn.text];
    const count = Math.min(left, perTurn, behind.length);
    if (count === 0) return { ...turn, images: 0 };
    left -= count;
    const text = [before + behind.slice(0, count).join(""), ...behind.slice(count)].join(IMAGE_PLACEHOLDER);
    return { ...turn, text: stripAsPython(text), images: count };
  });
  if (left === 0) return placed;
  throw new MlanError(
    "invalid-data",
    `model-llava: conversation ${JSON.stringify(id)}: it has ${counted(images.length, "image")}, but its user turns have ` +
      `${counted(images.length - left, "placeholder")} ${IMAGE_PLACEHOLDER}. Write one for each image.`,
  );
}

/**
 * Gives the placeholders in the user's turns of a prompt to the images, in their order and where they are written; without
 * placeholders, all images go in front of the first user turn. undefined when there are more images than placeholders.
 */
export function placePromptImages(turns: readonly Turn[], images: number): readonly PlacedTurn[] | undefined {
  const first = turns.findIndex(({ role }) => role === "user");
  const isWritten = turns.some(({ role, text }) => role === "user" && text.includes(IMAGE_PLACEHOLDER));
  if (!isWritten) return turns.map((turn, index) => ({ ...turn, images: index === first ? images : 0 }));
  let left = images;
  const placed = turns.map((turn): PlacedTurn => {
    const written = turn.role === "user" ? turn.text.split(IMAGE_PLACEHOLDER).length - 1 : 0;
    const placeholders = Math.min(left, written);
    left -= placeholders;
    return { ...turn, images: 0, placeholders };
  });
  return left === 0 ? placed : undefined;
}

/**
 * A turn with its placeholders moved to the front, as many as it has images, and without white space around
 * (`preprocess_multimodal` of LLaVA). A turn without a placeholder stays as it is.
 */
export function imagesToFront(turn: Turn, images: number): Turn {
  if (!turn.text.includes(IMAGE_PLACEHOLDER)) return turn;
  const text = stripAsPython(turn.text.replaceAll(IMAGE_PLACEHOLDER, ""));
  return { ...turn, text: stripAsPython(imagesInFront(images) + text) };
}
