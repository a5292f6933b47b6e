import { inspect } from "node:util";
import { LONGEST_MESSAGE, MlanError } from "@mlan/core";

/**
 * What a user is told of an error: of one that was foreseen (it has a code) its message, of any other all there is,
 * since that is a mistake in somebody's code.
 */
export function errorText(error: unknown, verbose: boolean): string {
  const foreseen = error instanceof Error && "code" in error && typeof error.code === "string";
  const text = foreseen && !verbose ? error.message : inspect(error);
  // Those of an MlanError are few already; an error of somebody else's code may quote a whole file.
  if (verbose || MlanError.is(error) || text.length <= LONGEST_MESSAGE) return text;
  return `${text.slice(0, LONGEST_MESSAGE)} ... (${text.length - LONGEST_MESSAGE} characters more; --verbose prints them)`;
}
