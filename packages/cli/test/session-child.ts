import { processTerminal } from "../src/terminal/terminal.ts";
import { mlan } from "../src/commands/program.ts";
import type { Finished } from "./command-line.ts";

/** One command line, and the folder where it is typed. */
export interface Typed {
  readonly words: readonly string[];
  readonly cwd: string;
}

/** Performs each command line that it is sent and sends back how it ended; ends when nobody is left to send one. */
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
