/** The label of positions from which nothing is learned. */
export const IGNORE_INDEX = -100;

/** The id that stands for one image until its features take the place. */
export const IMAGE_TOKEN_INDEX = -200;
