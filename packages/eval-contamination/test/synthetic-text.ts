import { type Conversation, type Dataset, type Random, seededRandom } from "@mlan/core";

const SYLLABLES = [
  "ka",
  "lo",
  "mi",
  "ren",
  "ta",
  "su",
  "vel",
  "dor",
  "ni",
  "pe",
  "gra",
  "sto",
  "bu",
  "wen",
  "ry",
  "ith",
];

/** 4,096 words of three syllables. */
const WORDS = SYLLABLES.flatMap((first) =>
  SYLLABLES.flatMap((second) => SYLLABLES.map((third) => first + second + third)),
);

/** Draws a word with a frequency as in natural language: the n-th most frequent word has a weight of 1/n. */
function word(random: Random): string {
  return WORDS[Math.floor(WORDS.length ** random.next()) - 1] ?? "ka";
}

export function sentence(random: Random, words: number): string {
  const text = Array.from({ length: words }, () => word(random) + (random.below(9) === 0 ? "," : "")).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Draws a passage with about 15 words per sentence. */
export function passage(random: Random, sentences: number): string {
  return Array.from({ length: sentences }, () => `${sentence(random, 10 + random.below(10))}.`).join(" ");
}

/** Ways to change a benchmark's text: other spellings, or other text around it. */
export const REWORDINGS: Readonly<Record<string, (text: string, random: Random) => string>> = {
  verbatim: (text) => text,
  "upper case": (text) => text.toUpperCase(),
  "other punctuation": (text) => text.replaceAll(",", " -- ").replaceAll(".", " !").replaceAll("?", " ..."),
  "other spaces": (text) => text.replaceAll(" ", " \t\u00a0 "),
  "full-width letters": (text) =>
    text.replaceAll(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)),
  "broken lines": (text) => text.replaceAll(/((?:\S+ ){6}\S+) /g, "$1\n"),
  embedded: (text, random) => `${passage(random, 4)}\n${text}\n${passage(random, 3)}`,
};

/** Creates a dataset of `length` examples, each of which is created when it is read. */
export function lazyMixture(
  length: number,
  make: (index: number, random: Random) => Conversation,
): Dataset<Conversation> {
  return {
    specVersion: 1,
    name: "mixture",
    card: { source: "synthetic", license: "CC0-1.0", modality: "mixed" },
    open: async () => ({ length, fingerprint: "synthetic", at: async (index) => make(index, seededRandom(index + 1)) }),
  };
}

export function conversation(
  id: string,
  user: string,
  assistant = "Yes.",
  images: Conversation["images"] = [],
): Conversation {
  return {
    id,
    turns: [
      { role: "user", text: user },
      { role: "assistant", text: assistant },
    ],
    images,
  };
}

/** Returns an instruction with an answer, as in tuning data. */
export function unrelated(index: number, random: Random): Conversation {
  const user = `${passage(random, 1 + random.below(3))}\nPlease answer the question with 'yes' or 'no'.`;
  return conversation(`unrelated-${index}`, user, passage(random, 1));
}
