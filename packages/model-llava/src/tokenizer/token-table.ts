import { fingerprintNow } from "../fingerprint.ts";
import type { AddedToken, Vocabulary } from "./vocabulary.ts";

/** Returns a function from an id to its piece or token; undefined for an unused id and for an omitted token. */
export function createPieces(
  { ids }: Vocabulary,
  added: readonly AddedToken[],
  isLeftOut: (token: AddedToken) => boolean,
): (id: number) => string | undefined {
  const pieces: (string | undefined)[] = [];
  for (const [piece, id] of ids) pieces[id] = piece;
  for (const token of added) pieces[token.id] = isLeftOut(token) ? undefined : token.content;
  return (id) => pieces[id];
}

export function highestId({ ids }: Vocabulary, added: readonly AddedToken[]): number {
  return [...ids.values(), ...added.map(({ id }) => id)].reduce((highest, id) => Math.max(highest, id), 0);
}

/** Returns a fingerprint of everything that affects encoding. The order of tokens in a file has no effect. */
export function fingerprintOf({ ids, merges }: Vocabulary, added: readonly AddedToken[], settings: unknown): string {
  const pieces = [...ids].toSorted(([, a], [, b]) => a - b);
  const tokens = added
    .toSorted((a, b) => a.id - b.id)
    .map(({ id, content, special, ...flags }) => [id, content, special, ...flagNames(flags)]);
  return fingerprintNow([pieces, merges, tokens, settings]);
}

function flagNames(flags: object): readonly string[] {
  return Object.entries(flags)
    .flatMap(([name, value]) => (value === true ? [name] : []))
    .toSorted();
}
