/**
 * Trains a Llama-style tokenizer: byte-pair encoding with byte fallback, and merges within words and punctuation marks.
 */

export const UNKNOWN = "<unk>";
const SPECIAL = [UNKNOWN, "<s>", "</s>"];
const SPACE = "▁";

/** Counts how often each unit occurs: a word (and a digit after it) or a punctuation mark, with the space before it. */
export function countUnits(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [unit] of ` ${text}`.matchAll(/ ?\p{L}+\d?| ?[^\p{L}\s]/gu)) {
      const spaced = unit.replace(" ", SPACE);
      counts.set(spaced, (counts.get(spaced) ?? 0) + 1);
    }
  }
  return counts;
}

/** Computes the merges as in Sennrich et al. (arXiv 1508.07909), the most frequent pair first. */
export function learnMerges(counts: ReadonlyMap<string, number>, count: number): [string, string][] {
  // Logarithms, so that rare words of instructions get a piece before the vocabulary is full.
  let units = [...counts].map(([unit, times]) => ({ pieces: [...unit], weight: Math.log2(1 + times) }));
  const merges: [string, string][] = [];
  while (merges.length < count) {
    const best = mostFrequentPair(units);
    if (best === undefined) break;
    merges.push(best);
    units = units.map(({ pieces, weight }) => ({ pieces: mergePair(pieces, best), weight }));
  }
  return merges;
}

/** Returns a `tokenizer.json` for @huggingface/tokenizers and transformers, like Llama 2's with `legacy: false`. */
export function tokenizerFile(merges: readonly (readonly [string, string])[]): TokenizerFile {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  const pieces = new Set([...SPECIAL, ...bytes, SPACE, ...printable, ...merges.map(([left, right]) => left + right)]);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "Metaspace", replacement: SPACE, prepend_scheme: "first", split: false },
    post_processor: postProcessor(),
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: UNKNOWN,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries([...pieces].map((piece, id) => [piece, id])),
      merges: merges.map((pair) => pair.join(" ")),
    },
  };
}

export const TOKENIZER_CONFIGURATION = {
  tokenizer_class: "LlamaTokenizer",
  add_bos_token: true,
  add_eos_token: false,
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: UNKNOWN,
  pad_token: null,
  clean_up_tokenization_spaces: false,
  legacy: false,
  model_max_length: 512,
} as const;

function postProcessor(): unknown {
  const start = { SpecialToken: { id: "<s>", type_id: 0 } };
  const sequence = (id: string, type: number): unknown => ({ Sequence: { id, type_id: type } });
  return {
    type: "TemplateProcessing",
    single: [start, sequence("A", 0)],
    pair: [start, sequence("A", 0), sequence("B", 1)],
    special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
  };
}

interface Unit {
  readonly pieces: readonly string[];
  readonly weight: number;
}

function mostFrequentPair(units: readonly Unit[]): [string, string] | undefined {
  const weights = new Map<string, number>();
  for (const { pieces, weight } of units) {
    for (let index = 1; index < pieces.length; index++) {
      const pair = `${pieces[index - 1]} ${pieces[index]}`;
      weights.set(pair, (weights.get(pair) ?? 0) + weight);
    }
  }
  let best: string | undefined;
  for (const [pair, weight] of weights) if (best === undefined || weight > (weights.get(best) ?? 0)) best = pair;
  const [left, right] = best?.split(" ") ?? [];
  return left === undefined || right === undefined ? undefined : [left, right];
}

function mergePair(pieces: readonly string[], [left, right]: readonly [string, string]): string[] {
  const merged: string[] = [];
  for (const piece of pieces) {
    if (piece === right && merged.at(-1) === left) merged[merged.length - 1] = left + right;
    else merged.push(piece);
  }
  return merged;
}

/** The fields of the file that other code reads. */
export interface TokenizerFile {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}
