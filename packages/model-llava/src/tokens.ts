/** The label of positions without supervision. */
export const IGNORE_INDEX = -100;

/** The id of an image in token ids, until the image's features replace it. */
export const IMAGE_TOKEN_INDEX = -200;
