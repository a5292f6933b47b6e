import { decodeSentencePiece, decodeSettledSentencePiece } from "./decode-sentencepiece.ts";
import type { Coder } from "./fast-tokenizer.ts";
import { isWhiteSpace, spaceBefore, spaceBehind, splitAtTokens, wellFormed } from "./find-tokens.ts";
import { createPieces } from "./token-table.ts";
import { type AddedToken, SPACE, type Vocabulary } from "./vocabulary.ts";
import { createWordEncoder } from "./word-encoder.ts";

export interface SlowOptions {
  /** Whether every piece of text between tokens gets a space in front, rather than only the first. */
  readonly legacy: boolean;
  readonly addPrefixSpace: boolean;
  readonly cleansUp: boolean;
  /** Tokens that files list as special. The flag `special` in the list of added tokens has no effect. */
  readonly special: ReadonlySet<string>;
  readonly unknownId: number | undefined;
  /** Whether a character without a piece becomes the pieces of its UTF-8 bytes. */
  readonly byteFallback: boolean;
  /** Pieces that SentencePiece decodes to nothing. */
  readonly controls: ReadonlySet<string>;
  /** The prefix that SentencePiece adds to a text; used only with `legacy`. */
  readonly prefix: string;
}

/**
 * Creates a coder like the slow LlamaTokenizer of transformers 4 (`tokenization_llama.py`), which LLaVA and MLAN use in
 * training.
 */
export function createSlowCoder(vocabulary: Vocabulary, added: readonly AddedToken[], options: SlowOptions): Coder {
  const { legacy, addPrefixSpace, special, unknownId, byteFallback } = options;
  const ownPrefix = legacy ? options.prefix : "";
  const encodeWords = createWordEncoder(vocabulary, { toBytes: byteFallback, unknownId, fusesUnknown: true });
  const split = createSplitter(added);
  const pieceOf = createPieces(vocabulary, added, ({ content }) => special.has(content));
  const piecesOf = (ids: readonly number[]): readonly string[] => ids.flatMap((id) => pieceOf(id) ?? []);
  const isAdded = new Set(added.map(({ content }) => content));
  return {
    encode(text) {
      const ids: number[] = [];
      const given = wellFormed(text);
      const isPrefixed = !legacy && addPrefixSpace && given !== "";
      const whole = legacy ? given : (isPrefixed ? SPACE : "") + given.replaceAll(SPACE, " ");
      const segments = split(whole);
      const [first, second] = segments;
      // The prefix is dropped if a special token follows it immediately.
      const isBare = first === SPACE || first === " ";
      const dropsPrefix = !legacy && isBare && typeof second === "object" && special.has(second.content);
      for (const segment of dropsPrefix ? segments.slice(1) : segments) {
        if (typeof segment === "string") encodeWords(ownPrefix + segment.replaceAll(" ", SPACE), ids);
        else ids.push(segment.id);
      }
      return ids;
    },
    encodeParts(parts) {
      let prefix = legacy ? ownPrefix : addPrefixSpace ? SPACE : "";
      return parts.map((part) => {
        const ids: number[] = [];
        if (typeof part === "number") {
          prefix = ownPrefix;
          return [part];
        }
        if (part === "") return ids;
        encodeWords(prefix + wellFormed(part).replaceAll(" ", SPACE), ids);
        prefix = "";
        return ids;
      });
    },
    decode: (ids) => decodeSentencePiece(piecesOf(ids), isAdded, options),
    decodeSettled: (ids) => decodeSettledSentencePiece(piecesOf(ids), isAdded, options),
  };
}

/**
 * Creates a function that splits text at tokens. Tokens absorb adjacent whitespace according to their flags. A
 * `singleWord` token inside a word becomes text. A resulting part that equals a token's content becomes that token
 * again.
 */
function createSplitter(added: readonly AddedToken[]): (text: string) => readonly (string | AddedToken)[] {
  const tokens = new Map(added.map((token) => [token.content, token]));
  const split = splitAtTokens(added);
  const hasFlags = added.some((token) => token.lstrip || token.rstrip || token.singleWord);
  if (!hasFlags) return split;
  return (text) => {
    const parts = split(text).map((part) => (typeof part === "string" ? part : part.content));
    for (const [index, part] of parts.entries()) {
      const token = tokens.get(part);
      if (token) obeyFlags(parts, index, token);
    }
    return parts.filter((part) => part !== "").map((part) => tokens.get(part) ?? part);
  };
}

/**
 * Applies the flags of a token in the steps of `PreTrainedTokenizer.tokenize`: the conditions see the adjacent parts
 * before whitespace is stripped.
 */
function obeyFlags(parts: string[], index: number, { content, lstrip, rstrip, singleWord }: AddedToken): void {
  const left = parts[index - 1] ?? "";
  const right = parts[index + 1] ?? "";
  if (rstrip && right !== "") parts[index + 1] = right.slice(spaceBehind(right, 0, isPythonSpace));
  if (lstrip && left !== "") parts[index - 1] = left.slice(0, spaceBefore(left, left.length, 0, isPythonSpace));
  if (singleWord && left !== "" && !left.endsWith(" ")) {
    parts[index - 1] += content;
    parts[index] = "";
  } else if (singleWord && right !== "" && !right.startsWith(" ")) {
    parts[index + 1] = content + (parts[index + 1] ?? "");
    parts[index] = "";
  }
}

/** Returns whether Python's `strip` treats a character as whitespace. */
function isPythonSpace(character: string): boolean {
  return isWhiteSpace(character) || (character >= "\u001c" && character <= "\u001f");
}
