import { stripAsPython } from "@mlan/core";

/** The answer up to the first character that occurs in `ends`, stripped: the original code's leading regular expressions. */
export function lead(answer: string, ends: string): string {
  let end = 0;
  while (end < answer.length && !ends.includes(answer.charAt(end))) end += 1;
  return stripAsPython(answer.slice(0, end));
}
