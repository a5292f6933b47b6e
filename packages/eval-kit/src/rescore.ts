import type { AnswerRecord, Extractor, Outcome } from "@mlan/core";
import { judge, outcomeOf } from "./judge.ts";

/** The outcomes of stored answers with one extractor. */
export interface Rescored {
  readonly extractor: Pick<Extractor, "name" | "version">;
  /** The outcomes in the order of the records. */
  readonly outcomes: readonly Outcome[];
  /** Number of answers from which the extractor could read nothing. */
  readonly unreadable: number;
}

/** An answer that is correct according to one extractor and wrong according to another. */
export interface Disagreement {
  readonly id: string;
  readonly answer: string;
  readonly target: string;
  /** What each extractor read, in the order of the extractors. Undefined means nothing. */
  readonly extracted: readonly (string | undefined)[];
  readonly correct: readonly boolean[];
}

/** Reads and judges stored answers again with each extractor, without the model or the data. */
export function rescore(records: readonly AnswerRecord[], extractors: readonly Extractor[]): readonly Rescored[] {
  return extractors.map((extractor) => {
    const outcomes = records.map((record) => outcomeOf(judge(extractor, record)));
    const { name, version } = extractor;
    const unreadable = outcomes.filter(({ extracted }) => extracted === undefined).length;
    return { extractor: { name, version }, outcomes, unreadable };
  });
}

/** Returns the answers that the extractors judge differently. */
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
