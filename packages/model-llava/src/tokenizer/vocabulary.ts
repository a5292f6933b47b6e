import { z } from "zod";

const LARGEST = 2 ** 26 - 1;

/** The id of a token in a file; far beyond any vocabulary, and pairs of ids are exact as numbers. */
export const tokenId: z.ZodInt = z.int().nonnegative().max(LARGEST);

export function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LARGEST;
}

/** A byte-pair vocabulary, whichever file it came from. */
export interface Vocabulary {
  /** Ids by piece; characters are written as the tokenizer's kind does, e.g. a space as {@link SPACE}. */
  readonly ids: ReadonlyMap<string, number>;
  /** Pairs that are joined, the most urgent first. */
  readonly merges: readonly (readonly [string, string])[];
  /** Tokens that are found in the text as they stand, before anything is merged. */
  readonly added: readonly AddedToken[];
}

export interface AddedToken extends TokenFlags {
  readonly id: number;
  readonly content: string;
  /** Special tokens are left out of decoded text. */
  readonly special: boolean;
}

/** Where an added token is found in text. All default to false. */
export interface TokenFlags {
  /** Whether it is found in the text as the tokenizer has normalized it, not as it was given. */
  readonly normalized?: boolean;
  /** Whether it takes the white space before it. */
  readonly lstrip?: boolean;
  /** Whether it takes the white space behind it. */
  readonly rstrip?: boolean;
  /** Whether it is found between words only. */
  readonly singleWord?: boolean;
}

/** SentencePiece's mark for a space, U+2581. */
export const SPACE = "\u2581";
