import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { processTerminal } from "../src/terminal/terminal.ts";
import { mlan } from "../src/commands/program.ts";
import type { Finished, Variables } from "./command-line.ts";

/** A command line, the folder in which it is typed, the text of its standard input, and variables that are set. */
export interface Typed {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly input: string;
  readonly env: Variables;
}

// What `--parallel` starts in further processes.
process.argv[1] = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** Runs each command line that it receives and sends back the result; ends when the parent disconnects. */
process.on("message", async ({ words, cwd, input, env }: Typed) => {
  process.chdir(cwd);
  Object.defineProperty(process, "stdin", { value: Readable.from([input]), configurable: true });
  const written = { stdout: "", stderr: "" };
  const terminal = processTerminal({
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env: process.env,
  });
  const status = await withVariables(env, () => mlan(words, terminal));
  const finished: Finished = { status, ...written };
  process.send?.(finished);
});

/** Runs a function while these variables are set. */
async function withVariables<Result>(variables: Variables, run: () => Promise<Result>): Promise<Result> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
