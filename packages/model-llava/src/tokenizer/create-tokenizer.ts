import { pathOf } from "@mlan/core";
import { fingerprintNow } from "../fingerprint.ts";
import { addedTokens } from "./added-tokens.ts";
import { createBytePairEncoder } from "./byte-pairs.ts";
import { decodePieces } from "./decode-pieces.ts";
import type { TokenizerConfig } from "./tokenizer-config.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { type AddedToken, SPACE, type Vocabulary } from "./vocabulary.ts";
import { createWordEncoder } from "./word-encoder.ts";
import { splitAtTokens, wellFormed } from "./written-tokens.ts";

/**
 * A tokenizer that splits and prefixes text as the slow LlamaTokenizer does (`tokenization_llama.py` of
 * transformers). `folder` is named in the `invalid-checkpoint` error that a missing special token gives.
 */
export function createTokenizer(vocabulary: Vocabulary, config: TokenizerConfig, folder: URL): Tokenizer {
  const tokens = addedTokens(vocabulary, config, folder);
  const added = new Map(tokens.map((token) => [token.content, token]));
  const idOf = (token: string): number | undefined => added.get(token)?.id;
  const [unknownId = 0, beginOfSequenceId = 0, endOfSequenceId = 0] = [
    config.unknown,
    config.beginOfSequence,
    config.endOfSequence,
  ].map(idOf);
  const encodeWords = createWordEncoder(vocabulary, createBytePairEncoder(vocabulary, unknownId));
  const segmentsOf = createSplitter(added);
  const pieceOf = createPieces(vocabulary, tokens);
  return {
    folder: pathOf(folder),
    vocabularySize: highestId(vocabulary, tokens) + 1,
    beginOfSequenceId,
    endOfSequenceId,
    unknownId,
    fingerprint: fingerprintOf(vocabulary, tokens, config.legacy),
    idOf,
    encode(text, { beginOfSequence = false, fast = false } = {}) {
      const ids = beginOfSequence ? [beginOfSequenceId] : [];
      // The fast tokenizer encodes as with legacy, whatever the flag.
      for (const segment of segmentsOf(wellFormed(text), fast || config.legacy)) {
        if (typeof segment === "string") encodeWords(segment, ids);
        else ids.push(segment.id);
      }
      return ids;
    },
    encodeParts(parts) {
      let prefix = SPACE;
      return parts.map((part) => {
        const ids: number[] = [];
        if (typeof part === "number") {
          prefix = config.legacy ? SPACE : "";
          return [part];
        }
        if (part === "") return ids;
        encodeWords(prefix + wellFormed(part).replaceAll(" ", SPACE), ids);
        prefix = "";
        return ids;
      });
    },
    decode: (ids) => decodePieces(ids.map(pieceOf)),
  };
}

/** Cuts text at literal special tokens and marks its spaces; a segment is text to merge or one token. */
function createSplitter(
  added: ReadonlyMap<string, AddedToken>,
): (text: string, legacy: boolean) => (string | AddedToken)[] {
  const split = splitAtTokens(added.keys());
  return (text, legacy) => {
    const whole = legacy || text === "" ? text : SPACE + text;
    const segments = split(whole).map((part) => added.get(part) ?? (legacy ? SPACE : "") + part.replaceAll(" ", SPACE));
    // The slow tokenizer drops the prefix when nothing stands between it and a special token.
    const second = segments[1];
    const dropsPrefix = !legacy && segments[0] === SPACE && typeof second === "object" && second.special;
    return dropsPrefix ? segments.slice(1) : segments;
  };
}

/** What an id stands for in decoded text; special tokens and ids that no token has stand for nothing. */
function createPieces({ ids }: Vocabulary, added: readonly AddedToken[]): (id: number) => string {
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(ids)) pieces[id] = piece;
  for (const { id, content, special } of added) pieces[id] = special ? "" : content;
  return (id) => pieces[id] ?? "";
}

function highestId({ ids }: Vocabulary, added: readonly AddedToken[]): number {
  return [...Object.values(ids), ...added.map(({ id }) => id)].reduce((highest, id) => Math.max(highest, id), 0);
}

/** Independent of the order in which a file lists its tokens. */
function fingerprintOf({ ids, merges }: Vocabulary, added: readonly AddedToken[], legacy: boolean): string {
  const pieces = Object.entries(ids).toSorted(([, a], [, b]) => a - b);
  const tokens = added.toSorted((a, b) => a.id - b.id).map(({ id, content, special }) => [id, content, special]);
  return fingerprintNow([pieces, merges, tokens, legacy]);
}
