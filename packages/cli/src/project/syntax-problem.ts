import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { nearbyPath } from "./folders.ts";

/**
 * Returns file, line, column and message of a syntax or linking error, as reported by tsx or Node. Undefined for any
 * other error, and when Node does not report the place.
 */
export function syntaxProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return (
    transformProblem(error.message) ??
    modulesInCommonJs(error.message) ??
    (error.name === "SyntaxError" ? markedProblem(error.stack ?? "") : undefined)
  );
}

/**
 * Like {@link syntaxProblem}, for a JavaScript file that Node could not parse. Runs Node with `--check`, which reports
 * the place of errors in this file but not in files that it imports.
 */
export async function syntaxProblemIn(file: string, error: unknown): Promise<string | undefined> {
  if (!(error instanceof SyntaxError) || !isOfParser(error)) return undefined;
  const { message } = error;
  const printed = await new Promise<string>((resolve) => {
    execFile(process.execPath, ["--check", file], (_error, _stdout, stderr) => resolve(stderr));
  });
  const problem = printed.includes(`SyntaxError: ${message}\n`) ? markedProblem(printed) : undefined;
  return problem ?? `${nearbyPath(file)}, or a file that it imports, does not parse: ${message}`;
}

/** Whether the error comes from Node's module loader. JSON.parse and other functions throw SyntaxErrors too. */
function isOfParser({ stack = "" }: Error): boolean {
  return /^ +at .*\(node:internal\/(?:modules|vm)/.test(stack.split("\n").find((line) => /^ +at /.test(line)) ?? "");
}

/** Reads Node's error for import, export or await in a file that is CommonJS because of its extension. */
function modulesInCommonJs(message: string): string | undefined {
  const [, file = ""] = /^Cannot require\(\) ES Module (.+\.cjs) in a cycle/.exec(message) ?? [];
  if (file === "") return undefined;
  const path = pathOf(file);
  return `${path} is CommonJS because of its extension, but uses import, export or await. Rename it to ${path.replace(/cjs$/, "mjs")}, or use require and module.exports.`;
}

/** Reads tsx's error: a heading, then one line per problem, with columns counted from 0. */
function transformProblem(message: string): string | undefined {
  if (!message.startsWith("Transform failed with ")) return undefined;
  const found = [...message.matchAll(/^(.+):(\d+):(\d+): ERROR: (.*)$/gm)];
  if (found.length === 0) return undefined;
  return found.map(([, file = "", line, column, text]) => at(file, line, Number(column) + 1, text)).join("\n");
}

/** Reads Node's error: the place, the line, a mark below the column, and the message. */
function markedProblem(printed: string): string | undefined {
  const [, file = "", line, before = "", text] = /^(.+):(\d+)\n.*\n( *)\^+\n+SyntaxError: (.*)$/m.exec(printed) ?? [];
  return line === undefined ? undefined : at(file, line, before.length + 1, text);
}

function at(file: string, line: string | undefined, column: number, text: string | undefined): string {
  return `${pathOf(file)}:${line}:${column}: ${text}`;
}

function pathOf(file: string): string {
  return nearbyPath(file.startsWith("file:") ? fileURLToPath(file) : file);
}
