import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { processTerminal } from "../src/terminal/terminal.ts";
import { mlan } from "../src/commands/program.ts";
import type { Finished } from "./command-line.ts";

/** A command line, the folder in which it is typed, and the text of its standard input. */
export interface Typed {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly input: string;
}

// What `--parallel` starts in further processes.
process.argv[1] = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** Runs each command line that it receives and sends back the result; ends when the parent disconnects. */
process.on("message", async ({ words, cwd, input }: Typed) => {
  process.chdir(cwd);
  Object.defineProperty(process, "stdin", { value: Readable.from([input]), configurable: true });
  const written = { stdout: "", stderr: "" };
  const terminal = processTerminal({
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env: process.env,
  });
  const finished: Finished = { status: await mlan(words, terminal), ...written };
  process.send?.(finished);
});
