import { counted, MlanError, shownValue } from "@mlan/core";
import type { AllowedDifference } from "./compare-options.ts";
import type { ComparedAnswer, ComparedResult } from "./compared-result.ts";
import type { ResultPair } from "./pair-results.ts";

export interface AlignedAnswers {
  /** 1 for a correct answer, 0 for a wrong one, in the order of the first result's answers. Not empty. */
  readonly first: readonly number[];
  readonly second: readonly number[];
  /** Cluster keys of the first result, or of the second if the first has none. */
  readonly clusters: readonly (string | undefined)[];
  /** Number of answers in each result to questions that the other result lacks. */
  readonly leftOut: { readonly first: number; readonly second: number };
}

/**
 * Pairs the answers of both results by question id. Throws `invalid-options` when ids repeat, when `correct` is not a
 * boolean, or when the results have no question in common. Also throws when one result lacks questions of the other
 * (unless questions may differ), and when targets differ (unless protocols may differ).
 */
export function alignAnswers(
  pair: ResultPair,
  differing: readonly AllowedDifference[],
  allow: readonly AllowedDifference[],
): AlignedAnswers {
  const [first, second] = [answersById(pair.first), answersById(pair.second)];
  const missing = [...first.keys()].filter((id) => !second.has(id));
  const extra = [...second.keys()].filter((id) => !first.has(id));
  if (missing.length + extra.length > 0 && !allow.includes("questions")) throw notAligned(pair, missing, extra);
  const common = [...first.values()].flatMap((one) => {
    const other = second.get(one.id);
    return other ? [{ one, other }] : [];
  });
  if (common.length === 0) throw nothingInCommon(pair);
  if (!differing.includes("protocol")) for (const { one, other } of common) checkTargets(pair, one, other);
  return {
    first: common.map(({ one }) => Number(one.correct)),
    second: common.map(({ other }) => Number(other.correct)),
    clusters: common.map(({ one, other }) => one.cluster ?? other.cluster),
    leftOut: { first: missing.length, second: extra.length },
  };
}

function answersById({ benchmark, label, answers }: ComparedResult): ReadonlyMap<string, ComparedAnswer> {
  const byId = new Map<string, ComparedAnswer>();
  for (const answer of answers) {
    const correct: unknown = answer.correct;
    if (typeof correct !== "boolean") {
      const found = `${shownValue(correct)} as \`correct\` of the answer to question "${answer.id}"`;
      throw new MlanError(
        "invalid-options",
        `eval-compare: ${benchmark}: ${label} has ${found}; it must be true or false.`,
      );
    }
    if (byId.has(answer.id)) {
      throw new MlanError(
        "invalid-options",
        `eval-compare: ${benchmark}: ${label} has two answers to question "${answer.id}". Keep one answer per question.`,
      );
    }
    byId.set(answer.id, answer);
  }
  return byId;
}

function checkTargets({ first, second }: ResultPair, one: ComparedAnswer, other: ComparedAnswer): void {
  if (one.target === other.target) return;
  throw new MlanError(
    "invalid-options",
    `eval-compare: ${first.benchmark}: question "${one.id}" has the target "${one.target}" in ${first.label} but ` +
      `"${other.target}" in ${second.label}, so it is not the same question. ` +
      "Evaluate both on the same revision of the dataset.",
  );
}

function notAligned({ first, second }: ResultPair, missing: readonly string[], extra: readonly string[]): MlanError {
  const parts = [
    missingQuestions(second.label, missing, first.label),
    missingQuestions(first.label, extra, second.label),
  ].filter((part) => part !== undefined);
  return new MlanError(
    "invalid-options",
    `eval-compare: ${first.benchmark}: ${parts.join("; ")}. ` +
      'Finish the incomplete evaluation, or compare only the common questions with allow: ["questions"].',
  );
}

function missingQuestions(label: string, ids: readonly string[], other: string): string | undefined {
  if (ids.length === 0) return undefined;
  const shown = ids.slice(0, 3).map((id) => `"${id}"`);
  const more = ids.length > shown.length ? ", ..." : "";
  return `${label} lacks ${counted(ids.length, "question")} of ${other} (${shown.join(", ")}${more})`;
}

function nothingInCommon({ first, second }: ResultPair): MlanError {
  return new MlanError(
    "invalid-options",
    `eval-compare: ${first.benchmark}: ${first.label} (${counted(first.answers.length, "answer")}) and ${second.label} ` +
      `(${counted(second.answers.length, "answer")}) have no question in common. Evaluate both on the same questions.`,
  );
}
