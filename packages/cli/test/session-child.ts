import { processTerminal } from "../src/terminal/terminal.ts";
import { mlan } from "../src/commands/program.ts";
import type { Finished } from "./command-line.ts";

/** A command line, and the folder in which it is typed. */
export interface Typed {
  readonly words: readonly string[];
  readonly cwd: string;
}

/** Runs each command line that it receives and sends back the result; ends when the parent disconnects. */
process.on("message", async ({ words, cwd }: Typed) => {
  process.chdir(cwd);
  const written = { stdout: "", stderr: "" };
  const terminal = processTerminal({
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env: process.env,
  });
  const finished: Finished = { status: await mlan(words, terminal), ...written };
  process.send?.(finished);
});
