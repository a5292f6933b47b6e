import { MlanError, pathOf, shownValue } from "@mlan/core";
import type { AddedToken, TokenFlags, Vocabulary } from "./vocabulary.ts";

/** A token that a file lists as special. */
export interface SpecialToken extends TokenFlags {
  readonly content: string;
}

interface NamedTokens {
  /** Tokens from the files beside the vocabulary. */
  readonly added: readonly AddedToken[];
  /** Special tokens. A token without an id in any file gets the next free id, as in transformers. */
  readonly special: readonly SpecialToken[];
}

/**
 * Collects, from all files, the tokens that are recognized in the text before byte pairs are merged. Throws
 * `invalid-checkpoint` if the files contradict each other.
 */
export function addedTokens(vocabulary: Vocabulary, named: NamedTokens, folder: URL): readonly AddedToken[] {
  const problem = (what: string): MlanError =>
    new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(folder)}: ${what}. Take all tokenizer files from the same model.`,
    );
  const listed = [...vocabulary.added, ...named.added];
  const added = new Map<string, AddedToken>();
  const contents = new Map<number, string>();
  const pieces = new Set(vocabulary.ids.values());
  for (const token of listed) {
    const { content, id } = token;
    const other = added.get(content)?.id ?? vocabulary.ids.get(content) ?? id;
    if (other !== id)
      throw problem(`token ${shownValue(content)} has the id ${id} in one file and ${other} in another`);
    const namesake = contents.get(id) ?? content;
    const isPiece = pieces.has(id) && !vocabulary.ids.has(content);
    if (namesake !== content || isPiece)
      throw problem(`the id ${id} of token ${shownValue(content)} belongs to another token`);
    // Flags in the vocabulary's file take precedence.
    if (!added.has(content)) added.set(content, token);
    contents.set(id, content);
  }
  let free = nextFree([...contents.keys()], pieces, problem);
  for (const token of named.special) {
    const { content } = token;
    if (added.has(content)) continue;
    added.set(content, { ...token, id: vocabulary.ids.get(content) ?? free++, special: true });
  }
  return [...added.values()];
}

/**
 * Returns the first free id. Added tokens must have consecutive ids after the vocabulary, because transformers would
 * silently renumber them.
 */
function nextFree(ids: readonly number[], pieces: ReadonlySet<number>, problem: (what: string) => MlanError): number {
  let free = [...pieces].reduce((highest, id) => Math.max(highest, id), -1) + 1;
  for (const id of ids.filter((candidate) => !pieces.has(candidate)).toSorted((a, b) => a - b)) {
    if (id !== free) throw problem(`an added token has the id ${id}; the first free one is ${free}`);
    free++;
  }
  return free;
}
