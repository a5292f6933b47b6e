import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { nearbyPath } from "./folders.ts";

/**
 * File, line, column and message of an error of parsing or linking a file, as tsx or Node reports it; undefined for any
 * other error, and where Node keeps the place to itself.
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
 * As {@link syntaxProblem}, of the error of importing a JavaScript file that Node could not parse: it tells the place only
 * when it checks the file. Where the fault is in a file that this one imports, the place is not known.
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

/** JSON.parse and others throw it as well, but not from Node's loader. */
function isOfParser({ stack = "" }: Error): boolean {
  return /^ +at .*\(node:internal\/(?:modules|vm)/.test(stack.split("\n").find((line) => /^ +at /.test(line)) ?? "");
}

/** Of Node, about import, export or await in a file whose ending makes it CommonJS. */
function modulesInCommonJs(message: string): string | undefined {
  const [, file = ""] = /^Cannot require\(\) ES Module (.+\.cjs) in a cycle/.exec(message) ?? [];
  if (file === "") return undefined;
  const path = pathOf(file);
  return `${path} is CommonJS by its ending, and has import, export or await. Name it ${path.replace(/cjs$/, "mjs")}, or use require and module.exports.`;
}

/** Of tsx: a first line, then one for each problem, with columns that count from 0. */
function transformProblem(message: string): string | undefined {
  if (!message.startsWith("Transform failed with ")) return undefined;
  const found = [...message.matchAll(/^(.+):(\d+):(\d+): ERROR: (.*)$/gm)];
  if (found.length === 0) return undefined;
  return found.map(([, file = "", line, column, text]) => at(file, line, Number(column) + 1, text)).join("\n");
}

/** Of Node: the place, the line, a mark below its column, and the message. */
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
