import { spawn } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleProgram } from "../../../tools/setup/bundle-program.ts";

/** The arguments of `exit-child.ts`, and the expected exit code. */
const ENDS: Readonly<Record<string, number>> = {
  "before anything is computed": 7,
  "after a result": 7,
  "by process.exit": 7,
  "by process.exit with operations that were not run": 7,
  "with a result that is read at the exit": 7,
  "by an uncaught error": 1,
  "by a rejected promise": 1,
  "after workers": 7,
};

let child: string;
beforeAll(async () => {
  child = await bundleProgram(new URL("exit-child.ts", import.meta.url), new URL("..", import.meta.url));
});

describe("a process ends with its own exit code, never by a signal", () => {
  for (const [name, code] of Object.entries(ENDS)) {
    // With one thread, no thread of the library keeps it in memory by chance; with more, some threads outlive it.
    it.each(name === "after workers" ? [1, 4] : [4])(`${name}, threads: %i`, async (threads) => {
      const end = await endOf(name, threads);
      expect(end, end.output).toMatchObject({ code, signal: null });
    });
  }
});

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

function endOf(name: string, threads: number): Promise<End> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [child, name, String(threads)], { stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    started.stderr.on("data", (text) => (output += String(text)));
    started.once("error", reject).once("close", (code, signal) => resolve({ code, signal, output }));
  });
}
