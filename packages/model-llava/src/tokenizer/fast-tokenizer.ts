import { createDecoder } from "./decoders.ts";
import { splitByFlags, wellFormed } from "./find-tokens.ts";
import { createNormalizer } from "./normalizers.ts";
import { createPreTokenizer } from "./pre-tokenizers.ts";
import type { Place, Refuse } from "./step.ts";
import { createPieces } from "./token-table.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { AddedToken } from "./vocabulary.ts";
import { createByteWordEncoder, createWordEncoder } from "./word-encoder.ts";

/** Encodes text and decodes ids, without adding tokens around a text. */
export interface Coder {
  encode(text: string): number[];
  encodeParts: Tokenizer["encodeParts"];
  decode: Tokenizer["decode"];
  decodeSettled: Tokenizer["decodeSettled"];
}

/** Creates a coder from the steps of a `tokenizer.json`, like the tokenizers library. `added` are all added tokens. */
export function createFastCoder(json: TokenizerJson, added: readonly AddedToken[], refuse: Refuse): Coder {
  const normalize = createNormalizer(json.normalizers, refuse);
  const encodeText = createTextEncoder(json, added, refuse);
  const early = splitByFlags(
    added.filter((token) => !token.normalized),
    (content) => content,
  );
  const lateTokens = added.filter((token) => token.normalized);
  const late = splitByFlags(lateTokens, (content) => normalize(content, true));
  // The library decodes a token to the form in which it is found in text.
  const decoded = added.map((token) =>
    token.normalized ? { ...token, content: normalize(token.content, true) } : token,
  );
  const pieceOf = createPieces(json.vocabulary, decoded, ({ special }) => special);
  const decoder = createDecoder(json.decoders, refuse);
  const piecesOf = (ids: readonly number[]): readonly string[] => ids.flatMap((id) => pieceOf(id) ?? []);
  return {
    encode(text) {
      const ids: number[] = [];
      let isFirst = true;
      for (const segment of early(wellFormed(text))) {
        const parts = typeof segment === "string" ? late(normalize(segment, true)) : [segment];
        for (const part of parts) {
          if (typeof part === "string") encodeText(part, { begins: true, isFirst }, ids);
          else ids.push(part.id);
          isFirst = false;
        }
      }
      return ids;
    },
    encodeParts(parts) {
      let place: Place = { begins: true, isFirst: true };
      return parts.map((part) => {
        if (typeof part === "number") {
          place = { begins: true, isFirst: false };
          return [part];
        }
        const ids: number[] = [];
        if (part === "") return ids;
        encodeText(normalize(wellFormed(part), place.begins), place, ids);
        place = { begins: false, isFirst: false };
        return ids;
      });
    },
    decode: (ids) => decoder.decode(piecesOf(ids)),
    decodeSettled: (ids) => decoder.decode(decoder.settled(piecesOf(ids))),
  };
}

function createTextEncoder(
  { vocabulary, merging, preTokenizers }: TokenizerJson,
  added: readonly AddedToken[],
  refuse: Refuse,
): (text: string, place: Place, output: number[]) => void {
  const { split, isByteLevel } = createPreTokenizer(preTokenizers, refuse);
  const { unknown, fusesUnknown, byteFallback: toBytes, wholeWords } = merging;
  const unknownId =
    unknown === undefined
      ? undefined
      : (vocabulary.ids.get(unknown) ?? added.find(({ content }) => content === unknown)?.id);
  const fallback = { toBytes, unknownId, fusesUnknown };
  const encode = (isByteLevel ? createByteWordEncoder : createWordEncoder)(vocabulary, fallback, wholeWords);
  return (text, place, output) => {
    for (const word of split(text, place)) encode(word, output);
  };
}
