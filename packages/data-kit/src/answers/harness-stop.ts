/**
 * Where the original language harness ends an answer: at its tasks' own list, and at the text of the end-of-sequence
 * token, which it adds.
 */
export const harnessStop: readonly string[] = ["User:", '"', ":", ".", ",", "</s>"];
