import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Code on a page, and the last file named in the text before it. */
interface Snippet {
  readonly language: string;
  readonly code: string;
  readonly file: string | undefined;
}

/**
 * Follows a page of docs/how-to in a copy of the workspace: runs its commands, makes its changes, and writes all other
 * code into the file that is named before it. Throws if a command fails or a line to be changed is missing.
 */
export async function follow(page: string, workspace: string): Promise<void> {
  for (const { language, code, file } of snippetsOf(readFileSync(join(workspace, page), "utf8"))) {
    if (language === "sh") {
      for (const command of code.trimEnd().split("\n")) await runCommand(command, workspace);
      continue;
    }
    if (file === undefined) throw new Error(`${page}: no file is named before\n${code}`);
    const path = join(workspace, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, language === "diff" ? changed(readFileSync(path, "utf8"), code, file) : code);
  }
}

function snippetsOf(text: string): readonly Snippet[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = "", 2: code = "" }) => {
    const before = text.slice(0, index).trimEnd();
    const paragraph = before.slice(before.lastIndexOf("\n\n") + 1);
    return { language, code, file: [...paragraph.matchAll(/`([\w.-]+\/[\w./-]+\.\w+)`/g)].at(-1)?.[1] };
  });
}

/**
 * Applies changes. A "-" line is removed. A "+" line replaces it, or follows the previous line, which must occur
 * exactly once.
 */
function changed(text: string, code: string, file: string): string {
  const lines = text.split("\n");
  let place: number | undefined;
  for (const line of code.trimEnd().split("\n")) {
    const content = line.slice(1);
    if (line.startsWith("+")) {
      if (place === undefined) throw new Error(`${file}: nothing says where this line belongs: ${content}`);
      lines.splice(place++, 0, content);
      continue;
    }
    place = lines.indexOf(content);
    if (place < 0 || lines.lastIndexOf(content) !== place)
      throw new Error(`${file} does not have this line once: ${content}`);
    if (line.startsWith("-")) lines.splice(place, 1);
    else place += 1;
  }
  return lines.join("\n");
}

async function runCommand(command: string, cwd: string): Promise<void> {
  const { npm_execpath: _, ...env } = process.env;
  await promisify(execFile)("sh", ["-c", command], { cwd, env: { ...env, NO_COLOR: "1" }, maxBuffer: 64e6 }).catch(
    (error: Error & { readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(`${command}\n${error.stdout}\n${error.stderr}`);
    },
  );
}
