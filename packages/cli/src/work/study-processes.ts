import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { selectionWords } from "../commands/study-options.ts";
import { displayPath } from "../project/folders.ts";
import { openInterruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { SHARING_PROCESSES, STOPS_WITH_PARENT, type StudyRequest } from "./run-study.ts";
import { printStudy } from "./study-outcome.ts";
import { printWaits, waitsIn } from "./study-waits.ts";

export interface StudyProcessesRequest extends StudyRequest {
  /** The file that exports the study. */
  readonly file: string;
  /** At least 2. */
  readonly processes: number;
}

/**
 * Runs a study in several processes, each with an equal share of the processor's threads and of the memory. Prints the progress lines of all processes, then the tables. Returns the exit status: 1 if a run failed.
 */
export async function runStudyInProcesses(
  { folder, only, file, processes, checkMemory }: Omit<StudyProcessesRequest, "study">,
  terminal: Terminal,
): Promise<number> {
  const words = [
    "run",
    file,
    "--folder",
    fileURLToPath(folder),
    ...selectionWords(only ?? {}),
    ...(checkMemory === false ? ["--no-plan"] : []),
  ];
  const threads = Math.max(1, Math.floor(availableParallelism() / processes));
  const children = Array.from({ length: processes }, () => startProcess(words, { threads, processes }));
  using interruption = openInterruption(() => {
    terminal.note("Stopping after this step. Ctrl-C again stops at once.");
    for (const child of children) child.kill("SIGTERM");
  });
  printForeignWaits(children, terminal);
  const statuses = await Promise.all(
    children.map((child, index) => outcomeOf(child, (line) => terminal.note(`${index + 1}: ${line}`))),
  );
  const stopped = interruption.exitCode();
  if (stopped !== undefined) {
    terminal.note("Stopped. The same command resumes from here.");
    return stopped;
  }
  const failed = await printStudy(folder, only, terminal);
  terminal.note(terminal.paint.dim(`Saved in ${displayPath(folder)}.`));
  return failed || statuses.some((status) => status !== 0) ? 1 : 0;
}

/** Prints the tasks that child processes wait for and that none of them runs. Each is printed once. */
function printForeignWaits(children: readonly ChildProcess[], terminal: Terminal): void {
  const printed = new Set<string>();
  const isNew = ({ label, reason }: { readonly label: string; readonly reason: string }): boolean =>
    printed.size < printed.add(`${label}: ${reason}`).size;
  for (const child of children) {
    child.on("message", (message) => {
      const foreign = waitsIn(message).filter(
        ({ pid, isLocal }) => !isLocal || children.every((one) => one.pid !== pid),
      );
      printWaits(foreign.filter(isNew), terminal);
    });
  }
}

function startProcess(
  words: readonly string[],
  { threads, processes }: { readonly threads: number; readonly processes: number },
): ChildProcess {
  const main = process.argv[1] ?? "";
  return spawn(process.execPath, [...process.execArgv, main, ...words], {
    // In a separate process group, so that Ctrl-C in a terminal reaches the child only once, through this process.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: {
      ...process.env,
      [STOPS_WITH_PARENT]: "1",
      [SHARING_PROCESSES]: String(processes),
      OMP_NUM_THREADS: String(threads),
    },
  });
}

/**
 * Calls `onLine` with each line of a process and returns its exit status; undefined when a signal ended the process.
 */
function outcomeOf(child: ChildProcess, onLine: (line: string) => void): Promise<number | undefined> {
  if (child.stderr) createInterface({ input: child.stderr }).on("line", onLine);
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (status) => resolve(status ?? undefined));
  });
}
