import type { RawPrompt } from "@mlan/core";

/** Text that follows the begin-of-sequence token, as it is. */
export function rawPrompt(text: string): RawPrompt {
  return { kind: "raw", text, beginOfSequence: true };
}

/**
 * Text as the original language harness puts it: without the begin-of-sequence token, and at most 3,840 tokens, the
 * model's 4,096 less the 256 that the harness sets aside for answers.
 */
export function harnessPrompt(text: string): RawPrompt {
  return { kind: "raw", text, beginOfSequence: false, maximumTokens: 3840 };
}
