import { strip } from "./python-text.ts";

/** The answer up to the first character that occurs in `ends`, stripped: the original code's leading regular expressions. */
export function lead(answer: string, ends: string): string {
  const end = answer.split("").findIndex((character) => ends.includes(character));
  return strip(end < 0 ? answer : answer.slice(0, end));
}
