import { commonStarts } from "./common-starts.ts";

/** The prompt of a question, as word numbers. */
export interface AskedText {
  readonly lines: readonly (readonly number[])[];
  readonly choices: readonly (readonly number[])[];
  /** Index of the question's cluster within the benchmark. */
  readonly cluster: number;
}

/** A question's words without the benchmark's template, as stretches of consecutive words in its prompt. */
export interface OwnText {
  readonly stem: readonly (readonly number[])[];
  /** The choices that the prompt offers, one per line, without their labels. */
  readonly choices: readonly (readonly number[])[];
  readonly cluster: number;
}

/** A start or end of a line belongs to the benchmark's template if at least this share of clusters has it. */
const TEMPLATE_SHARE = 0.5;
/** Maximum number of words in the label of a choice, as in "A" or "option A". */
const LONGEST_LABEL = 2;

/** Returns the own texts of all questions of one benchmark. `asked` must be sorted by cluster. */
export function ownTexts(asked: readonly AskedText[], clusters: number): readonly OwnText[] {
  const lines = asked.flatMap(({ lines, cluster }) => lines.map((words) => ({ words, cluster })));
  const starts = commonStarts(lines, clusters, TEMPLATE_SHARE);
  const ends = commonStarts(
    lines.map(({ words, cluster }) => ({ words: words.toReversed(), cluster })),
    clusters,
    TEMPLATE_SHARE,
  );
  let line = 0;
  return asked.map(({ lines, choices, cluster }) => {
    const stem: number[][] = [];
    const offered: (readonly number[])[] = [];
    let isOpen = false;
    for (const words of lines) {
      const start = starts[line] ?? 0;
      const end = words.length - (ends[line] ?? 0);
      line++;
      if (words.length === 0) continue;
      const choice = choices.find((choice) => isChoiceLine(words, choice));
      if (choice) offered.push(choice);
      const own = choice ? [] : words.slice(start, end);
      if (own.length > 0 && isOpen && start === 0) stem.push([...(stem.pop() ?? []), ...own]);
      else if (own.length > 0) stem.push(own);
      isOpen = own.length > 0 && end === words.length;
    }
    return { stem, choices: offered, cluster };
  });
}

function isChoiceLine(line: readonly number[], choice: readonly number[]): boolean {
  const label = line.length - choice.length;
  return (
    choice.length > 0 && label >= 0 && label <= LONGEST_LABEL && choice.every((word, at) => line[label + at] === word)
  );
}
