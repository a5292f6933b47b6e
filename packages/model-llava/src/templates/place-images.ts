import {
  type Conversation,
  counted,
  IMAGE_PLACEHOLDER,
  imagesInFront,
  MlanError,
  stripAsPython,
  type Turn,
} from "@mlan/core";

/** A turn and the number of images in front of its text. */
export interface PlacedTurn extends Turn {
  readonly images: number;
  /** Number of leading placeholders in the text that images replace. Further placeholders remain text. Default 0. */
  readonly placeholders?: number;
}

/**
 * Assigns the images of a conversation, in order, to placeholders in user turns, and moves them to the front of their
 * turn. If the number of turns with placeholders equals the number of images, each such turn gets one image; otherwise
 * the images go to the first placeholders. Throws `invalid-data` with the conversation's name if there are more images
 * than placeholders.
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
 * Assigns the images of a prompt, in order, to placeholders in user turns, without moving them. Without placeholders,
 * all images come before the first user turn. Returns undefined if there are more images than placeholders.
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
 * Moves `images` placeholders to the front of a turn and strips whitespace around the text, like
 * `preprocess_multimodal` of LLaVA. A turn without a placeholder is unchanged.
 */
export function imagesToFront(turn: Turn, images: number): Turn {
  if (!turn.text.includes(IMAGE_PLACEHOLDER)) return turn;
  const text = stripAsPython(turn.text.replaceAll(IMAGE_PLACEHOLDER, ""));
  return { ...turn, text: stripAsPython(imagesInFront(images) + text) };
}
