import { inspect } from "node:util";

/**
 * What a user is told of an error: of one that was foreseen (it has a code) its message, of any other all there is,
 * since that is a mistake in somebody's code.
 */
export function errorText(error: unknown, verbose: boolean): string {
  const foreseen = error instanceof Error && "code" in error && typeof error.code === "string";
  return foreseen && !verbose ? error.message : inspect(error);
}
