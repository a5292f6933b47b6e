import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { LONGEST_MESSAGE, MlanError } from "@mlan/core";
import { syntaxProblem } from "./syntax-problem.ts";

/**
 * Formats an error for the user: an `MlanError` as its message, a syntax error with its place in the file, and any
 * other error with the stack frames in the user's own files. `verbose` adds all details.
 */
export function errorText(error: unknown, verbose: boolean): string {
  if (verbose) return inspect(error);
  // The message of an MlanError is short; the message of another error may contain a whole file.
  if (MlanError.is(error)) return error.message;
  const text = syntaxProblem(error) ?? foreignText(error, CAUSES_AT_MOST);
  if (text.length <= LONGEST_MESSAGE) return text;
  return `${text.slice(0, LONGEST_MESSAGE)} ... (${text.length - LONGEST_MESSAGE} characters more; --verbose prints them)`;
}

const CAUSES_AT_MOST = 3;
const FRAMES_AT_MOST = 10;

function foreignText(error: unknown, causes: number): string {
  if (!(error instanceof Error)) return inspect(error);
  const hasCode = "code" in error && typeof error.code === "string";
  const head = hasCode || error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
  const because =
    error.cause === undefined || causes === 0 ? [] : [`because of ${foreignText(error.cause, causes - 1)}`];
  return [head, ...framesOf(error, hasCode), ...because].join("\n");
}

/**
 * Returns the stack frames in the user's files. If there are none and the error has no code, returns all frames outside
 * Node.
 */
function framesOf({ stack = "" }: Error, hasCode: boolean): readonly string[] {
  const all = stack.split("\n").filter((line) => /^ +at /.test(line) && !/\bnode:|<anonymous>\)?$/.test(line));
  const users = all.filter((line) => !/[/\\]node_modules[/\\]/.test(line) && !isOurs(line));
  return (users.length > 0 || hasCode ? users : all).slice(0, FRAMES_AT_MOST);
}

/** The folder that contains mlan's packages, in a project as well as in the repository. */
const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));

function isOurs(frame: string): boolean {
  const [, inside] = frame.replace(/file:[^\s)]+/, pathOfUrl).split(PACKAGES);
  return inside !== undefined && /^[^/\\]+[/\\](?:src|dist)[/\\]/.test(inside);
}

/** Converts a file URL, as in stack frames of ES modules, to a path. Returns any other text unchanged. */
function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
