import { type Choice, type Extractor, stripAsPython } from "@mlan/core";
import { trueFalse } from "./paper-answers.ts";
import { firstLine, splitWords } from "./python-text.ts";

export const yesNoChoices: readonly Choice[] = [
  { label: "yes", text: "yes" },
  { label: "no", text: "no" },
];

/** Returns "yes" or "no" if the {@link shortAnswer} is yes, true, no or false. Otherwise returns undefined. */
export function yesNo(answer: string): "yes" | "no" | undefined {
  const said = shortAnswer(answer);
  return said === "yes" || said === "no" ? said : undefined;
}

/** The `strict` extractor for yes/no questions. The answer's first line, trimmed, must be yes, no, true or false. */
export const strictYesNo: Extractor = {
  name: "strict",
  version: 2,
  // No newline: an answer may begin with a newline, so `yesNo` takes the first line after trimming.
  stop: ["User:", '"', ":", ",", "."],
  extract: (answer) => yesNo(answer),
  isCorrect: (extracted, target) => extracted === target,
};

/**
 * Returns the normalized form in which short answers are compared: the first line in lower case without punctuation,
 * with "zero" to "ten" as digits, "true" as "yes" and "false" as "no". Empty only if the text is empty.
 */
function shortAnswer(text: string): string {
  const line = firstLine(text).toLowerCase();
  const words = splitWords(normalizedWords(line)).map((word) => NUMBERS.get(word) ?? word);
  return words.length > 0 ? trueFalse(words.join(" ")) : line;
}

const NUMBERS: ReadonlyMap<string, string> = new Map(
  "zero one two three four five six seven eight nine ten".split(" ").map((word, value) => [word, String(value)]),
);

/**
 * The `strict` extractor for free answers. The first line of the answer and the target must have the same {@link
 * shortAnswer}; an answer with a different article, a plural instead of a singular, or a synonym is wrong.
 */
export const strictShortAnswer: Extractor = {
  name: "strict",
  version: 1,
  // No newline, because an answer may begin with a newline. No other punctuation, because answers such as "3.5" contain
  // it.
  stop: ['"', "User:", "USER:"],
  extract: (answer) => shortAnswer(answer) || undefined,
  isCorrect: (extracted, target) => shortAnswer(extracted) === shortAnswer(target),
};

/**
 * The `strict` extractor for multiple choice. The answer's first line, trimmed, must be a label in any letter case
 * ("b", "(B)", "B."), the text of exactly one choice, or a label followed by text ("B: steam"). An answer that merely
 * contains the words of a choice is unreadable.
 */
export const strictChoice: Extractor = {
  name: "strict",
  version: 1,
  // No newline, because an answer may begin with a newline. No other punctuation, because the texts of choices contain
  // it.
  stop: ['"', "User:", "USER:"],
  extract: readChoice,
  needsChoices: true,
  isCorrect: (extracted, target) => extracted.toLowerCase() === target.toLowerCase(),
};

function readChoice(answer: string, choices: readonly Choice[]): string | undefined {
  const line = firstLine(answer);
  const byLabel = (label: string | undefined): string | undefined =>
    choices.find((choice) => choice.label.toLowerCase() === label?.toLowerCase())?.label;
  return byLabel(LABEL_ALONE.exec(line)?.[1]) ?? byText(line, choices) ?? byLabel(LABEL_FIRST.exec(line)?.[1]);
}

/**
 * The `strict` extractor for benchmarks with several kinds of questions. Reads the answer to a question with choices
 * like {@link strictChoice}, and any other answer like {@link strictShortAnswer}. Supports the targets of
 * {@link anyOf}.
 */
export const strictAnswer: Extractor = {
  name: "strict",
  version: 1,
  stop: strictChoice.stop,
  extract: (answer, choices) => (choices.length > 0 ? readChoice(answer, choices) : shortAnswer(answer) || undefined),
  isCorrect: (extracted, target) =>
    target.split("\n").some((one) => one.trim() !== "" && shortAnswer(extracted) === shortAnswer(one)),
};

/**
 * Returns the target of a question with several correct answers, for {@link strictAnswer}: one answer per line. Empty
 * answers are omitted.
 */
export function anyOf(answers: readonly string[]): string {
  const lines = answers.map((answer) => splitWords(answer).join(" "));
  return lines.filter((line) => line !== "").join("\n");
}

/**
 * Returns the label of the choice with exactly this text, or else with the same words. Choices are cut at a quotation
 * mark, like answers.
 */
function byText(line: string, choices: readonly Choice[]): string | undefined {
  const texts = choices.map(({ label, text }) => ({ label, text: stripAsPython(text.split('"', 1)[0] ?? "") }));
  for (const form of [(text: string) => text.toLowerCase(), normalizedWords]) {
    const said = form(line);
    const equal = texts.filter(({ text }) => form(text) === said);
    if (said !== "" && equal.length > 0) return equal.length === 1 ? equal[0]?.label : undefined;
  }
  return undefined;
}

const LABEL_ALONE = /^\(?([\p{L}\p{N}]+)\)?[.:,;]?$/u;
/** Matches a label followed by a mark and text. The mark is required, because the "A" of "A cat" is an article. */
const LABEL_FIRST = /^\(?([\p{L}\p{N}])[.:)]\s/u;

/**
 * A lenient extractor, for comparison. Reads what {@link strictChoice} reads; otherwise the choice that the answer
 * mentions first, by its text or label. A label is a separate capital letter, or any letter in parentheses. If several
 * mentions begin at the same position, the longest counts.
 */
export const firstMention: Extractor = {
  name: "first-mention",
  version: 2,
  stop: [],
  extract: (answer, choices) =>
    choices.length > 0 ? (strictly(answer, choices) ?? firstOf(answer, choices)) : undefined,
  isCorrect: (extracted, target) => extracted.toLowerCase() === target.toLowerCase(),
};

function strictly(answer: string, choices: readonly Choice[]): string | undefined {
  const ends = strictChoice.stop.map((stop) => answer.indexOf(stop)).filter((end) => end >= 0);
  return strictChoice.extract(answer.slice(0, Math.min(answer.length, ...ends)), choices);
}

function firstOf(answer: string, choices: readonly Choice[]): string | undefined {
  const words = ` ${normalizedWords(answer)} `;
  const byLabel = choices.map(({ label }) => ({ label, place: labelPlace(answer, label), length: 1 }));
  const byText = choices.map(({ label, text }) => {
    const phrase = normalizedWords(text);
    return { label, place: phrase === "" ? -1 : words.indexOf(` ${phrase} `), length: phrase.length };
  });
  const mentions = [...byLabel, ...byText].filter(({ place }) => place >= 0);
  const [first] = mentions.toSorted((one, other) => one.place - other.place || other.length - one.length);
  return first?.label;
}

/** Returns the position of the label in {@link normalizedWords}, or -1 if the label is not a separate word. */
function labelPlace(answer: string, label: string): number {
  const literal = label.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const alone = `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}'’])`;
  const bracketed = `(?<=\\()${literal.toLowerCase()}(?=\\))`;
  for (const { index } of answer.matchAll(new RegExp(`${alone}|${bracketed}`, "gu"))) {
    if (label === "A" && isArticle(answer, index)) continue;
    const before = normalizedWords(answer.slice(0, index));
    return before === "" ? 0 : before.length + 1;
  }
  return -1;
}

/** Whether the "A" at `index` is an article: it begins a sentence, and the next word can follow an article. */
function isArticle(answer: string, index: number): boolean {
  const [, next] = /^A\s+([\p{Ll}'’]+)/u.exec(answer.slice(index, index + 40)) ?? [];
  if (next === undefined || NOT_OF_ARTICLES.has(next)) return false;
  return /(?:^|[.?!:;\n])["'“‘(\s]*$/u.test(answer.slice(Math.max(0, index - 20), index));
}

/** Words that cannot follow an article, as in "A is" or "A because". */
const NOT_OF_ARTICLES = new Set(
  (
    "is isn't was wasn't are aren't be seems seemed looks fits fit matches does doesn't did didn't has hasn't had would could " +
    "should will won't can can't cannot may might must and or but nor not because since as if when then than that which " +
    "who for from to in on at by of with without rather instead only alone also states says shows gives means makes describes"
  ).split(" "),
);

/**
 * Returns the text in lower case, reduced to letters and digits, with one space between words. Signs that change the
 * value of a number are kept: "-5" differs from "5", and "3.5" from "3 5".
 */
export function normalizedWords(text: string): string {
  return splitWords(
    // Whitespace is removed first, because a very long answer is usually a long run of it.
    splitWords(text.toLowerCase())
      .join(" ")
      .replace(/[’'`]/g, "")
      .replace(/−/g, "-")
      .replace(/(?!(?<![\p{L}\p{M}\p{N}])-\p{N}|(?<=\p{N})[.,/:]\p{N})[^\p{L}\p{M}\p{N}]/gu, " "),
  ).join(" ");
}
