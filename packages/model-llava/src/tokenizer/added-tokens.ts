import { MlanError, pathOf, shownValue } from "@mlan/core";
import type { AddedToken, Vocabulary } from "./vocabulary.ts";

interface NamedTokens {
  /** Tokens of the files beside the vocabulary. */
  readonly added: readonly AddedToken[];
  /** Contents of tokens that are named as special ones. */
  readonly special: readonly string[];
}

/**
 * All tokens that are found in text before anything is merged, from whichever of a folder's files. Throws
 * `invalid-checkpoint` when the files contradict each other or a special token is in none of them.
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
      throw problem(`the id ${id} of token ${shownValue(content)} is another token's`);
    // The vocabulary's file decides where a token is found.
    added.set(content, { ...token, normalized: added.get(content)?.normalized ?? token.normalized ?? false });
    contents.set(id, content);
  }
  refuseGaps([...contents.keys()], pieces, problem);
  for (const content of named.special) {
    const id = added.get(content)?.id ?? vocabulary.ids.get(content);
    if (id === undefined) throw problem(`no token ${shownValue(content)}, which is named as a special one`);
    added.set(content, { ...added.get(content), id, content, special: true });
  }
  return [...added.values()];
}

/** New tokens are numbered behind the vocabulary; transformers would number others anew, silently. */
function refuseGaps(ids: readonly number[], pieces: ReadonlySet<number>, problem: (what: string) => MlanError): void {
  let free = [...pieces].reduce((highest, id) => Math.max(highest, id), -1) + 1;
  for (const id of ids.filter((candidate) => !pieces.has(candidate)).toSorted((a, b) => a - b)) {
    if (id !== free) throw problem(`an added token has the id ${id}; the first free one is ${free}`);
    free++;
  }
}
