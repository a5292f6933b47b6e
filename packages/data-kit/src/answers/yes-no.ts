import { splitWords, strip, withoutPunctuation } from "./python-text.ts";

/**
 * The `strict` reading of a yes/no answer: its first line, without case, punctuation and outer white space, must be
 * yes, true, no or false; undefined otherwise.
 */
export function yesNo(answer: string): "yes" | "no" | undefined {
  const [line = ""] = strip(answer).split("\n");
  const text = splitWords(withoutPunctuation(line.toLowerCase())).join(" ");
  if (text === "yes" || text === "true") return "yes";
  return text === "no" || text === "false" ? "no" : undefined;
}
