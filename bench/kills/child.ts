import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A process that runs `small-run.ts`. */
export interface SmallRun {
  /** Resolves when the first stage begins, or when the process ends earlier. */
  readonly begun: Promise<void>;
  /** How the process ended. */
  readonly ended: Promise<Ending>;
  kill(): void;
}

export interface Ending {
  /** Null after a signal. */
  readonly exitCode: number | null;
  /** The last line of its output: "done", "refused: ..." or "crashed: ...". */
  readonly lastLine: string;
  /** Time since the beginning of the first stage. */
  readonly milliseconds: number;
}

export function startSmallRun(world: string, run: string): SmallRun {
  const program = fileURLToPath(new URL("small-run.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=@mlan/source", program, world, run], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let lastLine = "";
  let errors = "";
  let from = performance.now();
  child.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString("utf8")));
  const lines = createInterface({ input: child.stdout }).on("line", (line) => (lastLine = line));
  const begun = new Promise<void>((resolve) => {
    lines.once("line", () => {
      from = performance.now();
      resolve();
    });
    child.once("close", () => resolve());
  });
  const ended = new Promise<Ending>((resolve) => {
    child.once("close", (exitCode, signal) => {
      if (exitCode !== 0 && signal === null && !lastLine.startsWith("refused")) process.stderr.write(errors);
      resolve({ exitCode, lastLine, milliseconds: performance.now() - from });
    });
  });
  return { begun, ended, kill: () => void child.kill("SIGKILL") };
}

/** Kills the run, like `kill -9`, `milliseconds` after its first stage began, unless it ends earlier. */
export async function runAndKill(world: string, run: string, milliseconds: number): Promise<Ending> {
  const { begun, ended, kill } = startSmallRun(world, run);
  await begun;
  const timer = setTimeout(kill, milliseconds);
  return ended.finally(() => clearTimeout(timer));
}
