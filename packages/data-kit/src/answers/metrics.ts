import type { Metric } from "@mlan/core";
import { withoutPunctuation } from "./python-text.ts";

/** Share of correct answers, from 0 to 1. 0 if there are no answers. */
export const accuracy: Metric = Object.assign(
  (outcomes: Parameters<Metric>[0]): number =>
    outcomes.length === 0 ? 0 : outcomes.filter(({ correct }) => correct).length / outcomes.length,
  { proportion: true } as const,
);

export interface ExactMatchOptions {
  /** Whether to compare in lower case. Default false. */
  readonly ignoreCase?: boolean;
  /** Whether to compare without ASCII punctuation. Default false. */
  readonly ignorePunctuation?: boolean;
}

/**
 * Whether two texts are equal as NumPy arrays, which the original harnesses compare: whitespace matters, and NUL
 * characters at the end are ignored.
 */
export function exactMatch(answer: string, target: string, options: ExactMatchOptions = {}): boolean {
  const [left, right] = [answer, target].map((text) => {
    const cased = options.ignoreCase ? text.toLowerCase() : text;
    return (options.ignorePunctuation ? withoutPunctuation(cased) : cased).replace(TRAILING_NULS, "");
  });
  return left === right;
}

/**
 * Matches the NUL characters at the end. The look-behind lets a match start only at the first NUL of a run, which keeps
 * the time linear.
 */
// oxlint-disable-next-line no-control-regex
const TRAILING_NULS = /(?<!\0)\0+$/;
