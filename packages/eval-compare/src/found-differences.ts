import { MlanError } from "@mlan/core";
import type { ComparedResult } from "./compared-result.ts";
import type { AllowedDifference } from "./compare-options.ts";
import type { FoundDifference } from "./comparison.ts";
import type { ResultPair } from "./pair-results.ts";

/**
 * Returns the differences between two results, except the model. Throws `invalid-options`, with both values and the
 * remedy, when a difference is not allowed.
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
  throw new MlanError(
    "invalid-options",
    `eval-compare: ${first.benchmark} cannot be compared: ${lines.join("\nAnd ")}`,
  );
}

const ADVICE: Readonly<Record<AllowedDifference, string>> = {
  questions:
    'Evaluate both on the same questions; or, if equal ids mean equal questions, compare the common ones with allow: ["questions"] (on the command line: --allow questions).',
  prompts:
    'Evaluate both with the same prompts. The prompts of an untuned base model and a tuned model differ by design: compare such a pair with allow: ["prompts"] (on the command line: --allow prompts).',
  protocol:
    'Evaluate both with the same protocol, or compare them anyway with allow: ["protocol"] (on the command line: --allow protocol); the result then includes the effect of the protocols.',
};

function differencesOf({ first, second }: ResultPair): readonly FoundDifference[] {
  const found: FoundDifference[] = [];
  for (const kind of ["questions", "prompts", "protocol"] as const) {
    const [one, other] = [first.fingerprints[kind], second.fingerprints[kind]];
    const renamed = kind === "protocol" && first.protocol !== second.protocol;
    if (one === other && !renamed) continue;
    if (kind === "prompts" && haveSamePrompts(first, second)) continue;
    const named = (protocol: string, fingerprint: string): string =>
      kind === "protocol" ? `${protocol} (${fingerprint})` : fingerprint;
    const length = distinctLength(one, other);
    found.push({
      kind,
      first: named(first.protocol, one.slice(0, length)),
      second: named(second.protocol, other.slice(0, length)),
    });
  }
  return found;
}

/** Whether all common questions have the same prompt in both results. One result may have fewer questions. */
function haveSamePrompts(first: ComparedResult, second: ComparedResult): boolean {
  const prompts = new Map(first.answers.map(({ id, prompt }) => [id, prompt]));
  const common = second.answers.filter(({ id }) => prompts.has(id));
  return common.length > 0 && common.every(({ id, prompt }) => prompt !== undefined && prompt === prompts.get(id));
}

/** Returns the length to which two fingerprints can be abbreviated and still differ. */
function distinctLength(one: string, other: string): number {
  const short = 12;
  return one === other || one.slice(0, short) !== other.slice(0, short) ? short : Math.max(one.length, other.length);
}
