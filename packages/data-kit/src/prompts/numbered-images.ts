import { IMAGE_PLACEHOLDER, type ImageReference, MlanError } from "@mlan/core";

/** A text with a placeholder for each mention of an image, and the images of a question in the matching order. */
export interface NumberedImages {
  readonly text: string;
  /** First the images that the text does not mention, then one image per placeholder. */
  readonly images: readonly ImageReference[];
  /** Number of placeholders in the text. */
  readonly placedImages: number;
}

/**
 * Replaces `<image 1>`, `<image 2>`, ... in a text by placeholders. Repeated mentions of an image are separate
 * placeholders. Missing images may be null or undefined. Throws `invalid-data` if the text mentions a missing image, or
 * contains `<image>`, which would be mistaken for a placeholder.
 */
export function numberedImages(text: string, images: readonly (ImageReference | null | undefined)[]): NumberedImages {
  const mentioned = [...text.matchAll(NUMBERED)].map(([place, number]) => {
    const image = images[Number(number) - 1];
    if (image) return image;
    throw new MlanError(
      "invalid-data",
      `the text mentions ${place}, but there is no such image; add it, or remove the row.`,
    );
  });
  if (mentioned.length > 0 && text.includes(IMAGE_PLACEHOLDER)) {
    const message = `the text contains ${IMAGE_PLACEHOLDER} beside numbered images; write the number of the image, as in <image 1>.`;
    throw new MlanError("invalid-data", message);
  }
  const present = images.filter((image) => image !== null && image !== undefined);
  return {
    text: text.replace(NUMBERED, IMAGE_PLACEHOLDER),
    images: [...present.filter((image) => !mentioned.includes(image)), ...mentioned],
    placedImages: mentioned.length,
  };
}

const NUMBERED = /<image (\d+)>/g;
