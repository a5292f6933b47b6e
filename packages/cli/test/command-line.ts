import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
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

type Variables = Readonly<Record<string, string>>;

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

export function mlan(...words: readonly string[]): Promise<Finished> {
  return start(words).finished;
}

/**
 * Runs command lines one after the other in a single process, which ends with the test file. This is much faster than
 * `start`. The process imports each file only once.
 */
export function openSession(
  env: () => Variables = () => ({}),
): (words: readonly string[], cwd?: string, input?: string) => Promise<Finished> {
  let child: ChildProcess | undefined;
  afterAll(() => child?.disconnect());
  return async (words, cwd = process.cwd(), input = "") => {
    child ??= fork(session, { execArgv: source, env: environment(env()) });
    const answered = new AbortController();
    const crashed = once(child, "exit", answered).then(([code, signal]) => {
      throw new Error(`The session ended with ${code ?? signal} at: mlan ${words.join(" ")}`);
    });
    const finished = once(child, "message").then(([message]: Finished[]) => message as Finished);
    child.send({ words, cwd, input } satisfies Typed);
    try {
      return await Promise.race([finished, crashed]);
    } finally {
      answered.abort();
    }
  };
}

/** This process's environment without its color variables, and with the given variables. */
function environment(env: Variables): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  return { ...inherited, ...env };
}
