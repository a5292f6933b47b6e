import { withoutPunctuation } from "./python-text.ts";

export interface ExactMatchOptions {
  /** Compare in lower case. Default: no. */
  readonly ignoreCase?: boolean;
  /** Compare without ASCII punctuation. Default: no. */
  readonly ignorePunctuation?: boolean;
}

/** Whether two texts are equal; white space always counts, as in the original harnesses. */
export function exactMatch(answer: string, target: string, options: ExactMatchOptions = {}): boolean {
  const [left, right] = [answer, target].map((text) => {
    const cased = options.ignoreCase ? text.toLowerCase() : text;
    return options.ignorePunctuation ? withoutPunctuation(cased) : cased;
  });
  return left === right;
}
