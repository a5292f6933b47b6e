import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Typed } from "./session-child.ts";

export interface Finished {
  /** Null when a signal ended the process. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
}

export type Variables = Readonly<Record<string, string>>;

const source = ["--import", import.meta.resolve("tsx"), "--conditions=@mlan/source"];
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const session = fileURLToPath(new URL("session-child.ts", import.meta.url));

/** The path of a file in test/fixtures. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

/** Starts `mlan` with these arguments in a new process. */
export function start(words: readonly string[], env: Variables = {}, cwd?: string): Started {
  const child = spawn(process.execPath, [...source, main, ...words], {
    env: environment(env),
    ...(cwd && { cwd }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject).on("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { process: child, finished };
}

/** Waits until the run in `folder` has finished step `step`. */
export async function untilStep(step: number, folder: string, { process, finished }: Started): Promise<void> {
  const file = join(folder, "metrics.jsonl");
  for (;;) {
    if (existsSync(file) && (await readFile(file, "utf8")).split("\n").length > step) return;
    if (process.exitCode !== null) throw new Error(`it ended before: ${(await finished).stderr}`);
    await setTimeout(20);
  }
}

/** The session of all test files that run in this process. It ends with this process. */
let shared: ChildProcess | undefined;

/**
 * Runs command lines one after the other in a single process. This is much faster than `start`. The process imports
 * each file only once. The given variables are those of its environment while a command runs.
 */
export function openSession(
  env: () => Variables = () => ({}),
): (words: readonly string[], cwd?: string, input?: string) => Promise<Finished> {
  return async (words, cwd = process.cwd(), input = "") => {
    const child = (shared = shared?.connected ? shared : startSession());
    const answered = new AbortController();
    const crashed = once(child, "exit", answered).then(([code, signal]) => {
      throw new Error(`The session ended with ${code ?? signal} at: mlan ${words.join(" ")}`);
    });
    const finished = once(child, "message").then(([message]: Finished[]) => message as Finished);
    child.send({ words, cwd, input, env: env() } satisfies Typed);
    try {
      return await Promise.race([finished, crashed]);
    } finally {
      answered.abort();
    }
  };
}

function startSession(): ChildProcess {
  const child = fork(session, { execArgv: source, env: environment({}) });
  // Lets this process end, which ends the session.
  child.unref();
  child.channel?.unref();
  return child;
}

/**
 * This process's environment without its color variables, and with the given variables. ONNX Runtime has one thread in
 * it, which all experiments of a session share: some ask for one, and for others it would be a thread per core.
 */
function environment(env: Variables): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  return { ...inherited, OMP_NUM_THREADS: "1", ...env };
}
