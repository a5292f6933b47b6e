import { inspect } from "node:util";

/**
 * What a user is told of an error: of one that was foreseen (it has a code) its message, of any other all there is,
 * since that is a mistake in somebody's code.
 */
export function errorText(error: unknown, verbose: boolean): string {
  const foreseen = error instanceof Error && "code" in error && typeof error.code === "string";
  const text = foreseen && !verbose ? error.message : inspect(error);
  if (verbose || text.length <= MOST_CHARACTERS) return text;
  return `${text.slice(0, MOST_CHARACTERS)} ... (${text.length - MOST_CHARACTERS} characters more; --verbose prints them)`;
}

/** What a terminal can show at once; an error of somebody else's code may quote a whole file. */
const MOST_CHARACTERS = 8000;
