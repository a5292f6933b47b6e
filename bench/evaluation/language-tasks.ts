import { lettered, choiceLines, yesNoChoices } from "@mlan/data-kit";
import { type Lexicon, textSource, type TextSource } from "./lexicon.ts";

/** A benchmark in the form that both sides receive. */
export interface LanguageTask {
  readonly name: string;
  readonly questions: readonly LanguageQuestion[];
}

export interface LanguageQuestion {
  readonly id: string;
  readonly prompt: string;
  readonly choices: readonly { readonly label: string; readonly text: string }[];
  readonly target: string;
  readonly cluster?: string;
}

/** Stop strings, besides the end-of-sequence token. */
export const STOP: readonly string[] = ["User:", '"', ":", ".", ","];
export const MAXIMUM_NEW_TOKENS = 20;

/**
 * Returns the four language benchmarks of arXiv 2411.10557 with the prompts of its harness and invented text. `share`
 * is the fraction of their published size. Lengths in words (median, spread and limits) are those of the published
 * rows.
 */
export function languageTasks(lexicon: Lexicon, share: number): readonly LanguageTask[] {
  return PUBLISHED.map(({ name, rows, ask }, seed) => {
    const text = textSource(lexicon, seed + 1);
    return {
      name,
      questions: Array.from({ length: Math.max(1, Math.round(rows * share)) }, (_, index) => ({
        id: `${name}-${index}`,
        ...ask(text),
      })),
    };
  });
}

const PUBLISHED: readonly {
  readonly name: string;
  readonly rows: number;
  readonly ask: (text: TextSource) => Omit<LanguageQuestion, "id">;
}[] = [
  { name: "race", rows: 1045, ask: race },
  { name: "openbookqa", rows: 500, ask: openbookqa },
  { name: "boolq", rows: 3270, ask: boolqQuestions() },
  { name: "hellaswag", rows: 10_042, ask: hellaswag },
];

function race(text: TextSource): Omit<LanguageQuestion, "id"> {
  const article = text.words(text.length(340, 0.3, [60, 620]));
  const question = text.words(text.length(10, 0.3, [4, 25]));
  const instruction = "Choose the best option from the choices provided:";
  return ofChoices(text, `Context: ${article}.\nQuestion: ${question}\n${instruction}`, [5, 0.5, [1, 20]]);
}

function openbookqa(text: TextSource): Omit<LanguageQuestion, "id"> {
  const stem = text.words(text.length(10, 0.4, [3, 40]));
  return ofChoices(text, `${stem} Choose the best option from the choices provided:`, [3, 0.5, [1, 12]]);
}

function hellaswag(text: TextSource): Omit<LanguageQuestion, "id"> {
  const context = text.words(text.length(45, 0.45, [10, 90]));
  const instruction = "Choose the best option from the choices provided to complete the sentence:";
  return ofChoices(text, `${context} ${instruction}`, [22, 0.35, [4, 45]]);
}

type LengthOf = Parameters<TextSource["length"]>;

function ofChoices(text: TextSource, asked: string, length: LengthOf): Omit<LanguageQuestion, "id"> {
  const choices = lettered(Array.from({ length: 4 }, () => text.words(text.length(...length))));
  const target = choices[Math.floor(text.random() * choices.length)]?.label ?? "";
  return { prompt: `User: ${asked}\n${choiceLines(choices)}\nAssistant: The best answer is"`, choices, target };
}

/** Fraction of the published questions that use the passage of another question. */
const SHARED_PASSAGES = 0.15;

function boolqQuestions(): (text: TextSource) => Omit<LanguageQuestion, "id"> {
  let passage = "";
  let passages = 0;
  return (text) => {
    if (passages === 0 || text.random() >= SHARED_PASSAGES) {
      passage = text.words(text.length(100, 0.5, [30, 500]));
      passages++;
    }
    const question = text.words(text.length(8, 0.2, [4, 20]));
    return {
      prompt:
        `User: Context: ${passage}.\nQuestion: ${question}?\n` +
        `Please answer the question with 'yes' or 'no'.\nAssistant: The best answer is"`,
      choices: yesNoChoices,
      target: text.random() < 0.6 ? "yes" : "no",
      cluster: `passage-${passages}`,
    };
  };
}
