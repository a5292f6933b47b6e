import { z } from "zod";

const LARGEST = 2 ** 26 - 1;

/**
 * Schema of a token id. The limit exceeds any vocabulary, and is low enough that a number that combines two ids is
 * exact.
 */
export const tokenId: z.ZodInt = z.int().nonnegative().max(LARGEST);

export function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LARGEST;
}

/** A byte-pair vocabulary. */
export interface Vocabulary {
  /** Ids by piece. Characters are written as in the tokenizer's files, e.g. a space as {@link SPACE}. */
  readonly ids: ReadonlyMap<string, number>;
  /** Pairs to join, in order of priority. */
  readonly merges: readonly (readonly [string, string])[];
  /** Tokens that are recognized in text before merging. */
  readonly added: readonly AddedToken[];
}

export interface AddedToken extends TokenFlags {
  readonly id: number;
  readonly content: string;
  /** Whether decoding omits the token. */
  readonly special: boolean;
}

/** Where an added token is recognized in text. All flags default to false. */
export interface TokenFlags {
  /** Whether the token is searched for in the normalized text rather than in the original. */
  readonly normalized?: boolean;
  /** Whether the token absorbs whitespace before it. */
  readonly lstrip?: boolean;
  /** Whether the token absorbs whitespace after it. */
  readonly rstrip?: boolean;
  /** Whether the token is ignored inside a word. */
  readonly singleWord?: boolean;
}

/** SentencePiece's mark for a space. */
export const SPACE = "\u2581";
