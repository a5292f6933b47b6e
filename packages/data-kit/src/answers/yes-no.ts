import { shortAnswer } from "./short-answer.ts";

/**
 * The `strict` reading of a yes/no answer: as a short answer it must be yes, true, no or false; undefined otherwise.
 */
export function yesNo(answer: string): "yes" | "no" | undefined {
  const said = shortAnswer(answer);
  return said === "yes" || said === "no" ? said : undefined;
}
