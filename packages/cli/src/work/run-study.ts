import { setImmediate } from "node:timers/promises";
import { systemClock } from "@mlan/core";
import { runStudy, type RunStudyOptions, type Study, type StudyEvent, type TaskEndEvent } from "@mlan/study";
import { errorText } from "../project/error-text.ts";
import { type Display, openDisplay } from "../terminal/display.ts";
import { displayPath } from "../project/folders.ts";
import { openInterruption } from "../terminal/interruption.ts";
import { labeledTerminal } from "../terminal/labeled-terminal.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printStudy } from "./study-outcome.ts";
import { printWaits, sendWaits, waitsOf } from "./study-waits.ts";

export interface StudyRequest extends Omit<RunStudyOptions, "signal" | "folder" | "only"> {
  readonly study: Study;
  readonly folder: URL;
  readonly only: RunStudyOptions["only"] | undefined;
}

/** Interval at which to yield to the event loop; otherwise Ctrl-C would go unnoticed between steps. */
const YIELD_INTERVAL_MILLISECONDS = 50;

/** Runs a study, shows its progress, prints its tables, and returns the exit status: 1 if a run failed. */
export async function runWholeStudy({ study, only, ...options }: StudyRequest, terminal: Terminal): Promise<number> {
  const { folder } = options;
  using interruption = openInterruption(() => terminal.note("Stopping after this step. Ctrl-C again stops at once."));
  const { signal } = interruption;
  stopWithParent();
  // A failure that could not be recorded, as on a full disk, is missing in the study folder.
  let hasFailed = false;
  try {
    let turn = systemClock.now();
    using display = openStudyDisplay(terminal);
    const processes = Number(process.env[SHARING_PROCESSES] ?? 1);
    for await (const event of runStudy(study, { ...options, processes, ...(only && { only }), signal })) {
      display.show(event);
      hasFailed ||= event.type === "task-end" && event.state === "failed" && event.task.kind === "run";
      if (systemClock.now() - turn < YIELD_INTERVAL_MILLISECONDS) continue;
      await setImmediate();
      turn = systemClock.now();
    }
  } catch (error) {
    const exitCode = interruption.exitCode();
    if (exitCode === undefined) throw error;
    terminal.note(`Stopped. The same command resumes from here.`);
    return exitCode;
  }
  const hasProblems = await printStudy(folder, only, terminal);
  if (hasFailed && !hasProblems) {
    terminal.note(
      "A run failed, as shown above, and the study folder has no record of it. The same command runs it again.",
    );
  }
  terminal.note(terminal.paint.dim(`Saved in ${displayPath(folder)}.`));
  return hasFailed || hasProblems ? 1 : 0;
}

/** Environment variable: if it is set, this process stops after the current step when its parent process ends. */
export const STOPS_WITH_PARENT = "MLAN_STOPS_WITH_PARENT";

/** Environment variable: the number of processes that run the same study and share the memory. Default 1. */
export const SHARING_PROCESSES = "MLAN_SHARING_PROCESSES";

function stopWithParent(): void {
  if (process.env[STOPS_WITH_PARENT] === undefined) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
  // Once the parent has ended, nothing reads standard error.
  process.stderr.on("error", () => {});
}

interface StudyDisplay extends Disposable {
  show(event: StudyEvent): void;
}

function openStudyDisplay(terminal: Terminal): StudyDisplay {
  let display: Display | undefined;
  const close = (): void => {
    display?.[Symbol.dispose]();
    display = undefined;
  };
  return {
    show(event) {
      switch (event.type) {
        case "task-start":
          display = openDisplay(labeledTerminal(terminal, labelOf(event)), systemClock);
          break;
        case "task-progress":
          display?.show(event.event);
          break;
        case "task-end":
          close();
          terminal.note(`${terminal.paint.dim(`${labelOf(event)}  `)}${endText(event, terminal)}`);
          break;
        case "study-wait":
          // The parent knows which of the processes are its own, and says once what several of them wait for.
          if (process.env[STOPS_WITH_PARENT] === undefined) printWaits(waitsOf(event), terminal);
          else sendWaits(waitsOf(event));
          break;
        case "study-end":
          break;
      }
    },
    [Symbol.dispose]: close,
  };
}

function labelOf({ task, index, tasks }: Pick<TaskEndEvent, "task" | "index" | "tasks">): string {
  return `[${index + 1}/${tasks}] ${task.label}`;
}

function endText({ state, error, failure }: TaskEndEvent, terminal: Terminal): string {
  if (state === "failed") {
    return `${terminal.paint.red("failed:")} ${error === undefined ? failure?.message : errorText(error, false)}`;
  }
  return state === "done" ? "done" : "done by another process";
}
