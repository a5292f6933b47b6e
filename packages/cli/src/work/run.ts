import { setImmediate } from "node:timers/promises";
import { type Experiment, runExperiment, systemClock } from "@mlan/core";
import { type View, viewOf } from "@mlan/run-view";
import { showCommand } from "../project/command-name.ts";
import { costTable } from "../terminal/cost-table.ts";
import { openDisplay } from "../terminal/display.ts";
import { displayPath } from "../project/folders.ts";
import { openInterruption } from "../terminal/interruption.ts";
import { resultsTable } from "../terminal/results-table.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface RunRequest {
  readonly experiment: Experiment;
  readonly folder: URL;
  /** Whether to remove an earlier run from the folder once the new run is ready to start. */
  readonly fresh: boolean;
  /** See `RunOptions.checkMemory`. */
  readonly checkMemory: boolean;
  /** See `RunOptions.command`. */
  readonly command?: string;
}

/** Interval at which to yield to the event loop; otherwise Ctrl-C would go unnoticed between steps. */
const YIELD_INTERVAL_MILLISECONDS = 50;

/** Runs an experiment, shows its progress, prints its tables, and returns the exit status. */
export async function run(request: RunRequest, terminal: Terminal): Promise<number> {
  const { folder } = request;
  using interruption = openInterruption(() => terminal.note("Stopping after this step. Ctrl-C again stops at once."));
  try {
    await performRun(request, interruption.signal, terminal);
  } catch (error) {
    const exitCode = interruption.exitCode();
    if (exitCode === undefined) throw error;
    terminal.note(`Stopped. The same command resumes from here. To see the progress: ${showCommand(folder)}`);
    return exitCode;
  }
  terminal.note(terminal.paint.dim(`Saved in ${displayPath(folder)}. To print this again: ${showCommand(folder)}`));
  return 0;
}

async function performRun(request: RunRequest, signal: AbortSignal, terminal: Terminal): Promise<void> {
  const { experiment, ...options } = request;
  using display = openDisplay(terminal, systemClock);
  let turn = systemClock.now();
  for await (const event of runExperiment(experiment, { ...options, signal })) {
    display.show(event);
    if (event.type === "run-end") printOutcome(await viewOf(event.folder), terminal);
    if (systemClock.now() - turn < YIELD_INTERVAL_MILLISECONDS) continue;
    await setImmediate();
    turn = systemClock.now();
  }
}

function printOutcome(view: View, terminal: Terminal): void {
  const width = terminal.columns();
  for (const table of [resultsTable(view, width), costTable(view.costs, width)]) {
    if (table.length > 0) terminal.print(["", ...table].join("\n"));
  }
  terminal.print("");
}
