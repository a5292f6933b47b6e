import { spawn } from "node:child_process";
import type { InstallEnvironment } from "./install-environment.ts";

export interface Finished {
  /** The exit status; null if a signal ended the process or it did not start. */
  readonly status: number | null;
  /** The signal that ended the process; null without one. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The reason why the process did not start, e.g. ENOENT. */
  readonly notStarted: string | undefined;
}

interface Options {
  readonly variables: InstallEnvironment["variables"];
  readonly workingFolder?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a program until it ends. A failure is part of the result. Throws only when the signal is aborted: the signal's
 * reason.
 */
export async function runProcess(command: string, words: readonly string[], options: Options): Promise<Finished> {
  const { variables, workingFolder, signal } = options;
  signal?.throwIfAborted();
  const finished = await new Promise<Finished>((resolve) => {
    const child = spawn(command, words, {
      env: { ...variables },
      stdio: ["ignore", "pipe", "pipe"],
      ...(workingFolder !== undefined && { cwd: workingFolder }),
      ...(signal && { signal }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error: NodeJS.ErrnoException) =>
      resolve({ status: null, signal: null, stdout, stderr, notStarted: error.code ?? error.message }),
    );
    child.on("close", (status, ended) => resolve({ status, signal: ended, stdout, stderr, notStarted: undefined }));
  });
  signal?.throwIfAborted();
  return finished;
}
