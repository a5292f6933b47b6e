import { Tokenizer as BytePairTokenizer } from "@huggingface/tokenizers";
import { fingerprintNow } from "../fingerprint.ts";
import { addedTokens } from "./added-tokens.ts";
import { createBytePairEncoder } from "./byte-pairs.ts";
import type { TokenizerConfig } from "./tokenizer-config.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { type AddedToken, SPACE, type Vocabulary } from "./vocabulary.ts";
import { createWordEncoder } from "./word-encoder.ts";

/**
 * A tokenizer that splits and prefixes text as the slow LlamaTokenizer does (`tokenization_llama.py` of
 * transformers). `folder` is named in the `invalid-checkpoint` error that a missing special token gives.
 */
export function createTokenizer(vocabulary: Vocabulary, config: TokenizerConfig, folder: URL): Tokenizer {
  const tokens = addedTokens(vocabulary, config, folder);
  const added = new Map(tokens.map((token) => [token.content, token]));
  const [unknownId = 0, beginOfSequenceId = 0, endOfSequenceId = 0] = [
    config.unknown,
    config.beginOfSequence,
    config.endOfSequence,
  ].map((content) => added.get(content)?.id);
  const decoder = createDecoder(vocabulary, tokens, config.unknown);
  const encodeWords = createWordEncoder(vocabulary, createBytePairEncoder(vocabulary, unknownId));
  const segmentsOf = createSplitter(added, config.legacy);
  return {
    vocabularySize: highestId(vocabulary, tokens) + 1,
    beginOfSequenceId,
    endOfSequenceId,
    unknownId,
    legacy: config.legacy,
    fingerprint: fingerprintOf(vocabulary, tokens, config.legacy),
    encode(text, { beginOfSequence = false } = {}) {
      const ids = beginOfSequence ? [beginOfSequenceId] : [];
      // Half a surrogate pair has no UTF-8 form.
      for (const segment of segmentsOf(text.replace(/\p{Surrogate}/gu, "\ufffd"))) {
        if (typeof segment === "string") encodeWords(segment, ids);
        else ids.push(segment.id);
      }
      return ids;
    },
    decode: (ids) => (ids.length === 0 ? "" : decoder.decode([...ids], { skip_special_tokens: true })),
  };
}

/** Decoding is the library's; it is given no steps for encoding. */
function createDecoder({ ids }: Vocabulary, added: readonly AddedToken[], unknown: string): BytePairTokenizer {
  const replaceSpaces = { type: "Replace", pattern: { String: SPACE }, content: " " };
  const decoders = [
    replaceSpaces,
    { type: "ByteFallback" },
    { type: "Fuse" },
    { type: "Strip", content: " ", start: 1, stop: 0 },
  ];
  const definition = {
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: "Sequence", decoders },
    model: { type: "BPE", vocab: ids, merges: [], unk_token: unknown, byte_fallback: true, fuse_unk: true },
  };
  return new BytePairTokenizer(definition, { clean_up_tokenization_spaces: false });
}

/** Cuts text at literal special tokens and marks its spaces; a segment is text to merge or one token. */
function createSplitter(
  added: ReadonlyMap<string, AddedToken>,
  legacy: boolean,
): (text: string) => (string | AddedToken)[] {
  const longestFirst = [...added.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${longestFirst.map(escapeForPattern).join("|")})`, "u");
  return (text) => {
    const whole = legacy || text === "" ? text : SPACE + text;
    const segments = whole.split(pattern).flatMap((part) => {
      if (part === "") return [];
      return added.get(part) ?? (legacy ? SPACE : "") + part.replaceAll(" ", SPACE);
    });
    // The slow tokenizer drops the prefix when nothing stands between it and a special token.
    const second = segments[1];
    const dropsPrefix = !legacy && segments[0] === SPACE && typeof second === "object" && second.special;
    return dropsPrefix ? segments.slice(1) : segments;
  };
}

// RegExp.escape needs Node 24.
function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
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
