import { pathOf } from "@mlan/core";
import { addedTokens } from "./added-tokens.ts";
import { createBytePairEncoder } from "./byte-pairs.ts";
import { decodePieces } from "./decode-pieces.ts";
import { createPieces, fingerprintOf, highestId } from "./token-table.ts";
import type { TokenizerConfig } from "./tokenizer-config.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { type AddedToken, SPACE, type Vocabulary } from "./vocabulary.ts";
import { createWordEncoder } from "./word-encoder.ts";
import { splitAtTokens, wellFormed } from "./written-tokens.ts";

/**
 * A tokenizer that splits and prefixes text as the slow LlamaTokenizer does (`tokenization_llama.py` of
 * transformers), with its defaults where `config` is silent. `folder` is named in the `invalid-checkpoint` error that a missing special token gives.
 */
export function createTokenizer(vocabulary: Vocabulary, config: TokenizerConfig, folder: URL): Tokenizer {
  const { legacy = true, unknown = "<unk>", beginOfSequence: begin = "<s>", endOfSequence: end = "</s>" } = config;
  const special = [unknown, begin, end];
  const tokens = addedTokens(vocabulary, { added: config.added, special }, folder);
  const added = new Map(tokens.map((token) => [token.content, token]));
  const idOf = (token: string): number | undefined => added.get(token)?.id;
  const [unknownId = 0, beginOfSequenceId = 0, endOfSequenceId = 0] = special.map(idOf);
  const encodeWords = createWordEncoder(vocabulary, createBytePairEncoder(vocabulary, unknownId));
  const segmentsOf = createSplitter(added);
  const pieceOf = createPieces(vocabulary, tokens);
  return {
    folder: pathOf(folder),
    vocabularySize: highestId(vocabulary, tokens) + 1,
    beginOfSequenceId,
    endOfSequenceId,
    unknownId,
    fingerprint: fingerprintOf(vocabulary, tokens, legacy),
    addedTokens: [...added.keys()],
    idOf,
    encode(text, { beginOfSequence = false, fast = false } = {}) {
      const ids = beginOfSequence ? [beginOfSequenceId] : [];
      // The fast tokenizer encodes as with legacy, whatever the flag.
      for (const segment of segmentsOf(wellFormed(text), fast || legacy)) {
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
          prefix = legacy ? SPACE : "";
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
