import { type Choice, type Extractor, stripAsPython } from "@mlan/core";
import { trueFalse } from "./paper-answers.ts";
import { firstLine, splitWords } from "./python-text.ts";

/** The choices of a yes/no question. */
export const yesNoChoices: readonly Choice[] = [
  { label: "yes", text: "yes" },
  { label: "no", text: "no" },
];

/**
 * The `strict` reading of a yes/no answer: as a short answer it must be yes, true, no or false; undefined otherwise.
 */
export function yesNo(answer: string): "yes" | "no" | undefined {
  const said = shortAnswer(answer);
  return said === "yes" || said === "no" ? said : undefined;
}

/** The `strict` reading of yes/no questions: the answer's first line, trimmed, must be yes, no, true or false. */
export const strictYesNo: Extractor = {
  name: "strict",
  version: 2,
  // Not the newline: an answer may begin with one, so `yesNo` cuts there after trimming.
  stop: ["User:", '"', ":", ",", "."],
  extract: (answer) => yesNo(answer),
  isCorrect: (extracted, target) => extracted === target,
};

/**
 * What two equal short answers share: the first line in lower case without punctuation, the words "zero" to "ten" as
 * digits, "true" as "yes" and "false" as "no". Empty only where the text is.
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
 * The `strict` reading of free answers: the whole first line, as {@link shortAnswer} writes it, must be the target,
 * written in the same way. Articles, plurals and synonyms are not forgiven.
 */
export const strictShortAnswer: Extractor = {
  name: "strict",
  version: 1,
  // Not the newline: an answer may begin with one. Nor other punctuation: answers such as "3.5" hold it.
  stop: ['"', "User:", "USER:"],
  extract: (answer) => shortAnswer(answer) || undefined,
  isCorrect: (extracted, target) => shortAnswer(extracted) === shortAnswer(target),
};

/**
 * The `strict` reading of multiple choice: the answer's first line, trimmed, is a label in any case ("b", "(B)", "B."),
 * else the text of exactly one choice, else a label with text behind it ("B: steam"). An answer that merely contains
 * the words of a choice is none.
 */
export const strictChoice: Extractor = {
  name: "strict",
  version: 1,
  // Not the newline: an answer may begin with one. Nor other punctuation: the texts of choices hold it.
  stop: ['"', "User:", "USER:"],
  extract: readChoice,
  isCorrect: (extracted, target) => extracted.toLowerCase() === target.toLowerCase(),
};

function readChoice(answer: string, choices: readonly Choice[]): string | undefined {
  const line = firstLine(answer);
  const byLabel = (label: string | undefined): string | undefined =>
    choices.find((choice) => choice.label.toLowerCase() === label?.toLowerCase())?.label;
  return byLabel(LABEL_ALONE.exec(line)?.[1]) ?? byText(line, choices) ?? byLabel(LABEL_FIRST.exec(line)?.[1]);
}

/**
 * The `strict` reading of benchmarks that have questions of both kinds: an answer is read by {@link strictChoice} where its
 * question has choices, and else by {@link strictShortAnswer}. Several answers are right where the target is one of
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
 * The target of a question with several right answers, for {@link strictAnswer}: one per line. Answers without a
 * character are left out.
 */
export function anyOf(answers: readonly string[]): string {
  const lines = answers.map((answer) => splitWords(answer).join(" "));
  return lines.filter((line) => line !== "").join("\n");
}

/** As it stands, else by its words. The text of a choice, too, ends at a quotation mark, as the answer does. */
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
/** With a mark behind the label: "A cat" begins with an article. */
const LABEL_FIRST = /^\(?([\p{L}\p{N}])[.:)]\s/u;

/**
 * A lenient reading, for comparison: what the strict one reads, else the choice whose label (a capital letter, standing
 * alone, or any in parentheses) or text comes first, wherever that is in the answer. Of several that begin at one place the
 * longest counts, and a label before a text.
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

/** In the places of {@link normalizedWords}; -1 where the label stands nowhere alone. */
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

/** Whether the "A" there begins a sentence and a word follows that an article may have. Within one it would be small. */
function isArticle(answer: string, index: number): boolean {
  const [, next] = /^A\s+([\p{Ll}'’]+)/u.exec(answer.slice(index, index + 40)) ?? [];
  if (next === undefined || NOT_OF_ARTICLES.has(next)) return false;
  return /(?:^|[.?!:;\n])["'“‘(\s]*$/u.test(answer.slice(Math.max(0, index - 20), index));
}

/** "A is", "A because", ...: no noun. */
const NOT_OF_ARTICLES = new Set(
  (
    "is isn't was wasn't are aren't be seems seemed looks fits fit matches does doesn't did didn't has hasn't had would could " +
    "should will won't can can't cannot may might must and or but nor not because since as if when then than that which " +
    "who for from to in on at by of with without rather instead only alone also states says shows gives means makes describes"
  ).split(" "),
);

/**
 * The text in lower case, its letters and digits only, one space between words: what two equal answers share. The signs
 * that make another number of one stay: "-5" is not "5", and "3.5" not "3 5".
 */
export function normalizedWords(text: string): string {
  return splitWords(
    // White space first: long runs of it are the usual long answer.
    splitWords(text.toLowerCase())
      .join(" ")
      .replace(/[’'`]/g, "")
      .replace(/−/g, "-")
      .replace(/(?!(?<![\p{L}\p{M}\p{N}])-\p{N}|(?<=\p{N})[.,/:]\p{N})[^\p{L}\p{M}\p{N}]/gu, " "),
  ).join(" ");
}
