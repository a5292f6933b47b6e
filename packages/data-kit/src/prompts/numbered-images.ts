import { IMAGE_PLACEHOLDER, type ImageReference, MlanError } from "@mlan/core";

/** A text with a place for each image that it mentions, and the images in the order in which a question has them. */
export interface NumberedImages {
  readonly text: string;
  /** First those that the text does not mention, then one for each place. */
  readonly images: readonly ImageReference[];
  /** The number of places. */
  readonly placedImages: number;
}

/**
 * Replaces `<image 1>`, `<image 2>`, ... in a text by places of the first, the second, ... of the images; an image that is
 * mentioned twice has two places. Absent images may be null or undefined. Throws `invalid-data` when the text mentions an
 * image that is absent, or contains `<image>` too, which would be taken for a place.
 */
export function numberedImages(text: string, images: readonly (ImageReference | null | undefined)[]): NumberedImages {
  const mentioned = [...text.matchAll(NUMBERED)].map(([place, number]) => {
    const image = images[Number(number) - 1];
    if (image) return image;
    throw new MlanError(
      "invalid-data",
      `the text mentions ${place}, and there is no such image; add it, or leave out the row.`,
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
