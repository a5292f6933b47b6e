import { type AnswerRecord, type Choice, type ChoiceScore, type Extractor, type Outcome } from "@mlan/core";

/** What ranks choices; the greatest wins, the first of equal ones. */
export type Ranking = (score: ChoiceScore) => number;

export const summed: Ranking = ({ logProbability }) => logProbability;
export const perToken: Ranking = ({ logProbability, tokens }) => logProbability / Math.max(1, tokens);
/** As lm-evaluation-harness normalises its `acc_norm`: by the length of the text, whatever the tokenizer. */
export const perCharacter: Ranking = ({ logProbability, characters }) => logProbability / Math.max(1, characters);

/** The label of the likeliest choice; undefined of none. */
export function likeliest(
  choices: readonly Choice[],
  scores: readonly ChoiceScore[],
  ranking: Ranking,
): string | undefined {
  const ranked = scores.map(ranking);
  return choices[ranked.indexOf(Math.max(...ranked))]?.label;
}

/** Reads the answer as the label of the chosen choice. */
export const likeliestChoice: Extractor = {
  name: "likeliest-choice",
  version: 1,
  stop: [],
  extract: (answer, choices) => choices.find(({ label }) => label === answer)?.label,
  isCorrect: (extracted, target) => extracted === target,
};

/** The outcome of a record under another ranking than the summed one. */
export function outcomeBy(ranking: Ranking): (record: AnswerRecord) => Outcome {
  return ({ id, target, cluster, choices = [], scores = [] }) => {
    const extracted = likeliest(choices, scores, ranking);
    return { id, target, extracted, correct: extracted === target, ...(cluster !== undefined && { cluster }) };
  };
}
