import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { messageOf } from "@mlan/core";

/** A rule that splits text into words: an Oniguruma regular expression, as in `tokenizer.json`. */
export interface SplitRule {
  readonly pattern: string;
  /** Whether text between the matches also forms words; otherwise it is dropped. */
  readonly keepsRest: boolean;
}

/** The rule of GPT-2. A `tokenizer.json` refers to it without writing it. */
export const GPT2_RULE: SplitRule = {
  pattern: String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  keepsRest: true,
};

/**
 * Creates a function that splits text by each rule in turn. Throws an Error for a pattern that JavaScript would
 * interpret differently or not at all.
 */
export function createWordSplitter(rules: readonly SplitRule[]): (text: string) => readonly string[] {
  const splitters = rules.map((rule) => createSplitter(rule));
  return (text) => splitters.reduce<readonly string[]>((words, split) => words.flatMap(split), [text]);
}

function createSplitter({ pattern, keepsRest }: SplitRule): (text: string) => string[] {
  const found = (reason: string): Error =>
    new Error(`splits text with ${JSON.stringify(pattern.slice(0, 200))}, ${reason}`);
  const folded = pattern.replaceAll(ANY_CASE, (_, content: string) => `(?:${inAnyCase(content)})`);
  const foreign = FOREIGN.exec(folded)?.[0];
  if (foreign !== undefined) throw found(`where ${JSON.stringify(foreign)} is not supported`);
  const behavior = keepsRest ? "Isolated" : "Removed";
  try {
    const step = { type: "Split", pattern: { Regex: folded }, behavior, invert: !keepsRest };
    const { pre_tokenizer: splitter }: Library = new LibraryTokenizer({ ...EMPTY, pre_tokenizer: step }, {});
    if (splitter.pattern.exec("")) throw new Error("it matches no characters");
    return (text) => splitter.pre_tokenize_text(text);
  } catch (error) {
    throw found(`which is not a usable pattern: ${messageOf(error)}`);
  }
}

/**
 * The used parts of the library's types. TypeScript cannot resolve the library's own types under Node's module rules.
 */
interface Library {
  readonly pre_tokenizer: { readonly pattern: RegExp; pre_tokenize_text(text: string): string[] };
}

/**
 * The rest of a tokenizer's JSON. The library only splits text here, because its merging needs an object per character.
 */
const EMPTY = {
  normalizer: null,
  model: { type: "BPE", vocab: {}, merges: [] },
  post_processor: null,
  decoder: null,
  added_tokens: [],
};

/** Matches letters in either case in the patterns of contractions: `(?i:'s|'t|'re)`. */
const ANY_CASE = /\(\?i:((?:[A-Za-z'|]|\[[A-Za-z']+\])*)\)/g;

/**
 * Matches syntax that JavaScript lacks: possessive quantifiers, atomic groups, other flags, names, escapes and
 * recursion.
 */
const FOREIGN = /\\[^pPsSdDrntf\W]|\\[pP](?!\{\^?[A-Za-z_]+\})|\(\?(?!:|=|!|<=|<!)|[?*+]\+|\d\}[?*+]|\[\[|&&/;

/**
 * Expands letters to both cases. U+017F and U+212A are case variants of s and k. The library knows only ASCII letters.
 */
function inAnyCase(content: string): string {
  return content.replaceAll(/\[([A-Za-z']+)\]|[A-Za-z]/g, (letter: string, set = letter) => {
    const cases = [...set].flatMap((one) => [
      one.toLowerCase(),
      one.toUpperCase(),
      OTHER_CASES[one.toLowerCase()] ?? "",
    ]);
    return `[${[...new Set(cases)].join("")}]`;
  });
}

const OTHER_CASES: Readonly<Record<string, string>> = { s: "\u017f", k: "\u212a" };
