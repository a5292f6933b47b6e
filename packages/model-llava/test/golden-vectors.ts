/**
 * Token ids from the original code of arXiv 2411.10557 with Llama 2's tokenizer. `SYSTEM` is the system prompt of the
 * template v1 and a space.
 */
// prettier-ignore
const SYSTEM: readonly number[] = [
    319, 13563,  1546,   263, 12758,  1404,   322,   385, 23116, 21082,
  20255, 29889,   450, 20255,  4076,  8444, 29892, 13173, 29892,   322,
   1248,   568,  6089,   304,   278,  1404, 29915, 29879,  5155, 29889,
];
const ASSISTANT = [319, 1799, 9047, 13566, 29901];

/** `What is 2+2?` / `4` */
// prettier-ignore
export const ONE_ROUND: readonly number[] = [
  1, ...SYSTEM,
  3148, 1001, 29901, 1724, 338, 29871, 29906, 29974, 29906, 29973, ...ASSISTANT, 29871, 29946, 2,
];
/** ... and `And 3+3?` / `6` */
// prettier-ignore
export const TWO_ROUNDS: readonly number[] = [
  ...ONE_ROUND,
  11889, 29901, 1126, 29871, 29941, 29974, 29941, 29973, ...ASSISTANT, 29871, 29953, 2,
];
// prettier-ignore
export const TWO_ROUNDS_LEGACY: readonly number[] = [
  ...ONE_ROUND,
  3148, 1001, 29901, 1126, 29871, 29941, 29974, 29941, 29973, ...ASSISTANT, 29871, 29953, 2,
];
/** `What is it?` with an image / `A cat.` */
// prettier-ignore
export const IMAGE_ROUND: readonly number[] = [
  1, ...SYSTEM,
  3148, 1001, 29901, 29871, -200, 29871, 13, 5618, 338, 372, 29973, ...ASSISTANT, 319, 6635, 29889, 2,
];
/** ... and `Sure?` / `Yes.` */
// prettier-ignore
export const IMAGE_ROUNDS: readonly number[] = [
  ...IMAGE_ROUND,
  11889, 29901, 18585, 29973, ...ASSISTANT, 3869, 29889, 2,
];
// prettier-ignore
export const IMAGE_ROUNDS_LEGACY: readonly number[] = [
  ...IMAGE_ROUND,
  3148, 1001, 29901, 18585, 29973, ...ASSISTANT, 3869, 29889, 2,
];
/** `a red bus` as a caption */
// prettier-ignore
export const CAPTION: readonly number[] = [1, -200, 263, 2654, 3593, 13];

/** POPE's prompt for `Is there a dog?`; after the newline, the system prompt begins without a space. */
// prettier-ignore
export const POPE_PROMPT: readonly number[] = [
  1, -200, 29871, 13, 29909, ...SYSTEM.slice(1),
  3148, 1001, 29901, 3529, 1234, 411, 376, 3582, 29908, 470, 376, 1217, 1115, 13,
  3624, 727, 263, 11203, 29973, 13, ...ASSISTANT, 450, 1900, 1234, 338, 376,
];
/** OpenBookQA's prompt for the stem `Ice is` and the choices `hot` and `cold` */
// prettier-ignore
export const OPENBOOKQA_PROMPT: readonly number[] = [
  4911, 29901, 26998, 338, 14542, 852, 278, 1900, 2984, 515, 278, 19995, 4944, 29901, 13,
  29909, 29901, 7375, 13, 29933, 29901, 11220, 13, 7900, 22137, 29901, 450, 1900, 1234, 338, 29908,
];
