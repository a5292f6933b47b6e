import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** A piece of code on a page, and the file that the text before it names last. */
interface Snippet {
  readonly language: string;
  readonly code: string;
  readonly file: string | undefined;
}

/**
 * Does what a page of docs/how-to says in a copy of the workspace: commands are run, changes are made, everything else is the
 * content of the file that is named before it. Throws when a command fails, or a line that is to be changed is not there.
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

/** A line with "-" goes, one with "+" comes in its place or behind the line before it, which is in the file but once. */
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
