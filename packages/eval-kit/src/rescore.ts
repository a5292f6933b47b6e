import type { AnswerRecord, Extractor, Outcome } from "@mlan/core";
import { judge, outcomeOf } from "./judge.ts";

/** Stored answers as one extractor reads them. */
export interface Rescored {
  readonly extractor: Pick<Extractor, "name" | "version">;
  /** In the order of the records. */
  readonly outcomes: readonly Outcome[];
  /** Answers from which it reads nothing. */
  readonly unreadable: number;
}

/** An answer that is right to one extractor and wrong to another. */
export interface Disagreement {
  readonly id: string;
  readonly answer: string;
  readonly target: string;
  /** In the order of the extractors; undefined where nothing was read. */
  readonly extracted: readonly (string | undefined)[];
  readonly correct: readonly boolean[];
}

/** Reads and judges stored answers again, by each extractor. Neither model nor data is needed. */
export function rescore(records: readonly AnswerRecord[], extractors: readonly Extractor[]): readonly Rescored[] {
  return extractors.map((extractor) => {
    const outcomes = records.map((record) => outcomeOf(judge(extractor, record)));
    const { name, version } = extractor;
    const unreadable = outcomes.filter(({ extracted }) => extracted === undefined).length;
    return { extractor: { name, version }, outcomes, unreadable };
  });
}

/** The answers on which the readings of the same records are not of one mind. */
export function disagreements(
  records: readonly AnswerRecord[],
  rescored: readonly Rescored[],
): readonly Disagreement[] {
  return records.flatMap(({ id, answer, target }, place) => {
    const read = rescored.flatMap(({ outcomes }) => outcomes[place] ?? []);
    const correct = read.map((outcome) => outcome.correct);
    if (new Set(correct).size < 2) return [];
    return [{ id, answer, target, extracted: read.map(({ extracted }) => extracted), correct }];
  });
}
