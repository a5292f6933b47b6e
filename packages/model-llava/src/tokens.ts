/** The label of positions that are not supervised. */
export const IGNORE_INDEX = -100;

/** The id that represents one image until the image's features replace it. */
export const IMAGE_TOKEN_INDEX = -200;
