import { fingerprintNow } from "../fingerprint.ts";
import type { AddedToken, Vocabulary } from "./vocabulary.ts";

/** What an id is decoded from; special tokens and ids that no token has are decoded from nothing. */
export function createPieces({ ids }: Vocabulary, added: readonly AddedToken[]): (id: number) => string {
  const pieces: string[] = [];
  for (const [piece, id] of ids) pieces[id] = piece;
  for (const { id, content, special } of added) pieces[id] = special ? "" : content;
  return (id) => pieces[id] ?? "";
}

export function highestId({ ids }: Vocabulary, added: readonly AddedToken[]): number {
  return [...ids.values(), ...added.map(({ id }) => id)].reduce((highest, id) => Math.max(highest, id), 0);
}

/** Of all that decides how text is encoded; independent of the order in which a file lists its tokens. */
export function fingerprintOf({ ids, merges }: Vocabulary, added: readonly AddedToken[], settings: unknown): string {
  const pieces = [...ids].toSorted(([, a], [, b]) => a - b);
  const tokens = added.toSorted((a, b) => a.id - b.id).map(({ id, content, special }) => [id, content, special]);
  return fingerprintNow([pieces, merges, tokens, settings]);
}
