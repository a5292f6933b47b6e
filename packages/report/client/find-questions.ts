import type { PackedQuestions } from "../src/page-data.ts";

export const FILTERS = [
  "all",
  "disagree",
  "only first right",
  "only second right",
  "both wrong",
  "both right",
  "nothing read",
] as const;
export type Filter = (typeof FILTERS)[number];

/** The questions of a benchmark, ready to be searched. */
export interface QuestionIndex {
  readonly questions: PackedQuestions;
  /** For each question, the text that is searched, in lower case. */
  readonly texts: readonly string[];
}

export function indexOf(questions: PackedQuestions): QuestionIndex {
  const { ids, prompts, targets, answers, choices, choiceLists } = questions;
  const texts = ids.map((id, index) =>
    [
      id,
      prompts[index] ?? "",
      targets[index] ?? "",
      ...(choiceLists[choices[index] ?? -1] ?? []),
      ...answers.map((column) => `${column.answers[index] ?? ""}\n${column.prompts[index] ?? ""}`),
    ]
      .join("\n")
      .toLowerCase(),
  );
  return { questions, texts };
}

/** The questions to find. */
export interface Wanted {
  /** Index of the first model in {@link PackedQuestions.answers}. */
  readonly first: number;
  /** Index of the second model; undefined if only one model is shown. */
  readonly second: number | undefined;
  readonly filter: Filter;
  readonly search: string;
}

export interface Found {
  /** Indexes of the found questions. Questions on which the two models disagree come first. */
  readonly indexes: readonly number[];
  /** Number of questions per filter, for the same search. */
  readonly counts: Readonly<Record<Filter, number>>;
}

/** Finds questions, in a time that is linear in their number: tens of milliseconds for 50,000. */
export function findQuestions({ questions, texts }: QuestionIndex, { first, second, filter, search }: Wanted): Found {
  const words = search.toLowerCase().trim();
  const one = questions.answers[first];
  const other = second === undefined ? undefined : questions.answers[second];
  const counts: Record<Filter, number> = {
    all: 0,
    disagree: 0,
    "only first right": 0,
    "only second right": 0,
    "both wrong": 0,
    "both right": 0,
    "nothing read": 0,
  };
  // Disagreements, then questions that both got wrong, then the rest. Questions without an answer come last.
  const ranked: [number[], number[], number[], number[]] = [[], [], [], []];
  const columns = [one, ...(second === undefined ? [] : [other])];
  for (const [index, text] of texts.entries()) {
    if (words !== "" && !text.includes(words)) continue;
    counts.all += 1;
    // Without an answer, a question is neither right nor wrong.
    if (columns.some((column) => (column?.answers[index] ?? null) === null)) {
      if (filter === "all") ranked[3].push(index);
      continue;
    }
    const right = one?.correct[index] === 1;
    const otherRight = other ? other.correct[index] === 1 : right;
    const isUnread = columns.some((column) => column?.extracted[index] === null);
    const kind: Filter =
      right !== otherRight ? (right ? "only first right" : "only second right") : right ? "both right" : "both wrong";
    counts[kind] += 1;
    if (right !== otherRight) counts.disagree += 1;
    if (isUnread) counts["nothing read"] += 1;
    const isWanted =
      filter === "all" ||
      filter === kind ||
      (filter === "disagree" && right !== otherRight) ||
      (filter === "nothing read" && isUnread);
    if (isWanted) ranked[right !== otherRight ? 0 : right ? 2 : 1].push(index);
  }
  return { indexes: ranked.flat(), counts };
}
