import { MlanError } from "@mlan/core";
import type { ComparedResult } from "./compared-result.ts";
import type { AllowedDifference } from "./compare-options.ts";
import type { FoundDifference } from "./comparison.ts";
import type { ResultPair } from "./pair-results.ts";

/**
 * In what else than the model the two results differ, all of it allowed. Throws `invalid-options` with both values
 * and the way out when something is not.
 */
export function foundDifferences(pair: ResultPair, allow: readonly AllowedDifference[]): readonly FoundDifference[] {
  const found = differencesOf(pair);
  const refused = found.filter(({ kind }) => !allow.includes(kind));
  if (refused.length === 0) return found;
  const { first, second } = pair;
  const lines = refused.map(
    ({ kind, first: one, second: other }) =>
      `its ${kind} ${kind === "protocol" ? "differs" : "differ"}: ${one} in ${first.label}, ${other} in ${second.label}. ` +
      ADVICE[kind],
  );
  throw new MlanError("invalid-options", `eval-compare: ${first.benchmark} does not compare: ${lines.join("\nAnd ")}`);
}

const ADVICE: Readonly<Record<AllowedDifference, string>> = {
  questions:
    'Evaluate both on the same questions, or compare those that both have with allow: ["questions"] (--allow questions of the command), if equal ids mean equal questions.',
  prompts:
    'Ask both in the same words; or, since an untuned base and a tuned model are asked in other words by design, compare such a pair with allow: ["prompts"] (--allow prompts of the command).',
  protocol:
    'Evaluate both with the same protocol, or compare them all the same with allow: ["protocol"] (--allow protocol of the command); the difference is then also one of protocols.',
};

function differencesOf({ first, second }: ResultPair): readonly FoundDifference[] {
  const found: FoundDifference[] = [];
  for (const kind of ["questions", "prompts", "protocol"] as const) {
    const [one, other] = [first.fingerprints[kind], second.fingerprints[kind]];
    const renamed = kind === "protocol" && first.protocol !== second.protocol;
    if (one === other && !renamed) continue;
    if (kind === "prompts" && inSameWords(first, second)) continue;
    const named = (protocol: string, fingerprint: string): string =>
      kind === "protocol" ? `${protocol} (${fingerprint})` : fingerprint;
    const length = lengthThatTells(one, other);
    found.push({
      kind,
      first: named(first.protocol, one.slice(0, length)),
      second: named(second.protocol, other.slice(0, length)),
    });
  }
  return found;
}

/** Whether every question that both were asked was asked in the same words: one may have been asked fewer questions. */
function inSameWords(first: ComparedResult, second: ComparedResult): boolean {
  const prompts = new Map(first.answers.map(({ id, prompt }) => [id, prompt]));
  const common = second.answers.filter(({ id }) => prompts.has(id));
  return common.length > 0 && common.every(({ id, prompt }) => prompt !== undefined && prompt === prompts.get(id));
}

/** Enough of two fingerprints to see that they differ. */
function lengthThatTells(one: string, other: string): number {
  const short = 12;
  return one === other || one.slice(0, short) !== other.slice(0, short) ? short : Math.max(one.length, other.length);
}
