import type { Metric } from "@mlan/core";
import { withoutPunctuation } from "./python-text.ts";

/** Share of correct answers, in 0..1; 0 of none. */
export const accuracy: Metric = Object.assign(
  (outcomes: Parameters<Metric>[0]): number =>
    outcomes.length === 0 ? 0 : outcomes.filter(({ correct }) => correct).length / outcomes.length,
  { proportion: true } as const,
);

export interface ExactMatchOptions {
  /** Compare in lower case. Default: no. */
  readonly ignoreCase?: boolean;
  /** Compare without ASCII punctuation. Default: no. */
  readonly ignorePunctuation?: boolean;
}

/**
 * Whether two texts are equal as the original harnesses compare them, in arrays of NumPy: white space counts, NUL characters
 * at the end do not.
 */
export function exactMatch(answer: string, target: string, options: ExactMatchOptions = {}): boolean {
  const [left, right] = [answer, target].map((text) => {
    const cased = options.ignoreCase ? text.toLowerCase() : text;
    return (options.ignorePunctuation ? withoutPunctuation(cased) : cased).replace(TRAILING_NULS, "");
  });
  return left === right;
}

/** The look-behind lets an attempt start only at the head of a run, which keeps it linear. */
// oxlint-disable-next-line no-control-regex
const TRAILING_NULS = /(?<!\0)\0+$/;
