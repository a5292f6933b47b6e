import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { messageOf } from "@mlan/core";

/** The rules by which text is cut into words, in the regular expressions of Oniguruma that a `tokenizer.json` holds. */
export interface SplitRule {
  readonly pattern: string;
  /** Whether text between the matches is a word too, or left out. */
  readonly keepsRest: boolean;
}

/** How GPT-2 cuts text into words; a `tokenizer.json` does not write it out. */
export const GPT2_RULE: SplitRule = {
  pattern: String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  keepsRest: true,
};

/**
 * Cuts text by each rule in turn. Throws an Error that says which pattern is not understood, so that none is read in
 * another way than the original does.
 */
export function createWordSplitter(rules: readonly SplitRule[]): (text: string) => readonly string[] {
  const splitters = rules.map((rule) => createSplitter(rule));
  return (text) => splitters.reduce<readonly string[]>((words, split) => words.flatMap(split), [text]);
}

function createSplitter({ pattern, keepsRest }: SplitRule): (text: string) => string[] {
  const found = (reason: string): Error =>
    new Error(`cuts text by ${JSON.stringify(pattern.slice(0, 200))}, ${reason}`);
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
    throw found(`which is no usable pattern: ${messageOf(error)}`);
  }
}

/** Of the library's objects, what is used here; its own types are not found by Node's rules for modules. */
interface Library {
  readonly pre_tokenizer: { readonly pattern: RegExp; pre_tokenize_text(text: string): string[] };
}

/** The library cuts text and nothing else: merging takes an object per character there. */
const EMPTY = {
  normalizer: null,
  model: { type: "BPE", vocab: {}, merges: [] },
  post_processor: null,
  decoder: null,
  added_tokens: [],
};

/** Letters in any case, as contractions are written: `(?i:'s|'t|'re)`. */
const ANY_CASE = /\(\?i:((?:[A-Za-z'|]|\[[A-Za-z']+\])*)\)/g;

/** What JavaScript has no equal for: possessive quantifiers, atomic groups, other flags, names, escapes and recursion. */
const FOREIGN = /\\[^pPsSdDrntf\W]|\\[pP](?!\{\^?[A-Za-z_]+\})|\(\?(?!:|=|!|<=|<!)|[?*+]\+|\d\}[?*+]|\[\[|&&/;

/** With U+017F and U+212A, which are an s and a k in another case; the library knows ASCII's letters only. */
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
