import type { KeptAnswers } from "./loaded-run.ts";
import { meanOf } from "./seed-spread.ts";
import type { MetricView, ResultView } from "./view-results.ts";
import type { BenchmarkView, GuessingView } from "./view.ts";

type Answer = KeptAnswers["answers"][number];

/** Rounding must not decide whether two accuracies are equal. */
const ROUNDING = 1e-9;

/** Returns the accuracy of guessing; undefined without answers. */
export function guessingOf(answers: readonly Answer[]): GuessingView | undefined {
  if (answers.length === 0) return undefined;
  const groups = grouped(answers, kindOf);
  const kinds = groups.length;
  const isOpen = answers.some(({ choices }) => choices === 0);
  const chance = meanOver(groups, chanceIn);
  // A letter stands for something else in every question, so a model that always gives one guesses at random. "Yes" is
  // the same answer everywhere.
  const frequent = meanOver(groups, (group) => (hasSameChoices(group) ? mostFrequentIn(group) : chanceIn(group)));
  if (!isOpen && frequent <= chance + ROUNDING) return { name: "guessing", accuracy: chance, kinds };
  return { name: "most frequent answer", accuracy: frequent, kinds };
}

function meanOver(groups: readonly (readonly Answer[])[], accuracyIn: (group: readonly Answer[]) => number): number {
  const questions = groups.reduce((sum, { length }) => sum + length, 0);
  return groups.reduce((sum, group) => sum + group.length * accuracyIn(group), 0) / questions;
}

function grouped(answers: readonly Answer[], keyOf: (answer: Answer) => string): readonly (readonly Answer[])[] {
  const groups = new Map<string, Answer[]>();
  for (const answer of answers) {
    const key = keyOf(answer);
    const group = groups.get(key);
    if (group) group.push(answer);
    else groups.set(key, [answer]);
  }
  return [...groups.values()];
}

/** All answers of a group have the same labels of choices, or none have any. */
function hasSameChoices([first]: readonly Answer[]): boolean {
  return first?.choices === 0 || first?.areChoicesWords === true;
}

function chanceIn(group: readonly Answer[]): number {
  return meanOf(group.map(({ choices }) => (choices === 0 ? 0 : 1 / choices)));
}

function mostFrequentIn(group: readonly Answer[]): number {
  const same = grouped(group, ({ target }) => plain(target));
  return same.reduce((most, { length }) => Math.max(most, length), 0) / group.length;
}

/**
 * Names the kind of a question. An open question tells whether it asks for yes or no, for a number, or for something
 * else; these are the answer types of VQA (Antol et al. 2015).
 */
function kindOf({ kind = "", choices, labels, target }: Answer): string {
  if (choices > 0) return JSON.stringify([kind, labels]);
  const text = plain(target);
  const type = text === "yes" || text === "no" ? "yes/no" : /^[-+]?[\d.,]*\d$/.test(text) ? "number" : "other";
  return JSON.stringify([kind, type]);
}

function plain(target: string): string {
  return target.trim().toLowerCase();
}

/** Returns the results with {@link ResultView.isAboveGuessing}, where it is known. */
export function withGuessing(
  results: readonly ResultView[],
  benchmarks: readonly BenchmarkView[],
): readonly ResultView[] {
  return results.map((result) => {
    const { guessing } =
      benchmarks.find((one) => one.benchmark === result.benchmark && one.protocol === result.protocol) ?? {};
    const isAboveGuessing = guessing && isAbove(result.metrics[0], guessing.accuracy);
    return isAboveGuessing === undefined ? result : { ...result, isAboveGuessing };
  });
}

/** Each seed must be above, as a mean of several seeds may be above because of one of them. */
function isAbove(metric: MetricView | undefined, level: number): boolean | undefined {
  if (!metric) return undefined;
  const all = [metric, ...(metric.overSeeds?.values ?? [])];
  if (all.some(({ value, interval }) => (interval?.low ?? value) <= level + ROUNDING)) return false;
  return all.every(({ interval }) => interval !== undefined) ? true : undefined;
}
