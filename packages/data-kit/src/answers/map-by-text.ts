import { stripAsPython } from "@mlan/core";
import type { Choice } from "@mlan/core";
import { withoutPunctuation } from "./python-text.ts";

export interface MapByTextOptions {
  /** Compare the answer, too, without ASCII punctuation; choices always are. Default: no. */
  readonly ignorePunctuation?: boolean;
}

/**
 * The label of the first choice whose text the answer is, case aside; any other answer unchanged. The original vision
 * tasks map in this way: a letter is looked for among texts only, so "A" becomes the label of a choice whose text is "A".
 */
export function mapByText(answer: string, choices: readonly Choice[], options: MapByTextOptions = {}): string {
  const text = stripAsPython(answer.toLowerCase());
  const wanted = options.ignorePunctuation ? withoutPunctuation(text) : text;
  return (
    choices.find((choice) => withoutPunctuation(stripAsPython(choice.text.toLowerCase())) === wanted)?.label ?? answer
  );
}
