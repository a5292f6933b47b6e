import { type AnswerRecord, type Choice, type ChoiceScore, type Extractor, type Outcome } from "@mlan/core";

/**
 * Returns the number by which a choice is ranked. The choice with the greatest number wins; in a tie, the first choice.
 */
export type Ranking = (score: ChoiceScore) => number;

export const summed: Ranking = ({ logProbability }) => logProbability;
export const perToken: Ranking = ({ logProbability, tokens }) => logProbability / Math.max(1, tokens);
/**
 * Ranks by log-probability per character, like `acc_norm` of lm-evaluation-harness. Normalizing by characters is
 * independent of the tokenizer.
 */
export const perCharacter: Ranking = ({ logProbability, characters }) => logProbability / Math.max(1, characters);

/** Returns the label of the most likely choice. Undefined when there are no choices. */
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

/** Returns a function that computes the outcome of a record with a given ranking. */
export function outcomeBy(ranking: Ranking): (record: AnswerRecord) => Outcome {
  return ({ id, target, cluster, choices = [], scores = [] }) => {
    const extracted = likeliest(choices, scores, ranking);
    return { id, target, extracted, correct: extracted === target, ...(cluster !== undefined && { cluster }) };
  };
}
