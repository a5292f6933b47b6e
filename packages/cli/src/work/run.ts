import { setImmediate } from "node:timers/promises";
import { type Clock, type Experiment, type RunEndEvent, runExperiment } from "@mlan/core";
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
  /** Removes the run that the folder holds, once the new one can begin. */
  readonly fresh: boolean;
}

/** So often a turn of the event loop is taken, or Ctrl-C would not be heard while steps follow each other without one. */
const TURNS_APART = 50;

const systemClock: Clock = { now: () => performance.now() };

/** Runs an experiment before the user's eyes and prints its tables. Gives the exit status. */
export async function run({ experiment, folder, fresh }: RunRequest, terminal: Terminal): Promise<number> {
  using interruption = openInterruption(() => terminal.note("Stopping after this step. Ctrl-C again stops at once."));
  try {
    await performRun({ experiment, folder, fresh }, interruption.signal, terminal);
  } catch (error) {
    const exitCode = interruption.exitCode();
    if (exitCode === undefined) throw error;
    terminal.note(`Stopped. The same command goes on from here; to see how far it is: ${showCommand(folder)}`);
    return exitCode;
  }
  terminal.note(terminal.paint.dim(`Kept in ${displayPath(folder)}; to print this again: ${showCommand(folder)}`));
  return 0;
}

async function performRun(request: RunRequest, signal: AbortSignal, terminal: Terminal): Promise<void> {
  const { experiment, ...options } = request;
  using display = openDisplay(terminal, systemClock);
  let turn = systemClock.now();
  for await (const event of runExperiment(experiment, { ...options, signal })) {
    display.show(event);
    if (event.type === "run-end") printOutcome(event, experiment, terminal);
    if (systemClock.now() - turn < TURNS_APART) continue;
    await setImmediate();
    turn = systemClock.now();
  }
}

function printOutcome({ results, ledger }: RunEndEvent, { stages }: Experiment, terminal: Terminal): void {
  const width = terminal.columns();
  const names = stages.map((stage) => stage.name);
  if (results.length > 0) terminal.print(["", ...resultsTable(results, { stages: names, width })].join("\n"));
  if (ledger.length > 0) terminal.print(["", ...costTable(ledger, width)].join("\n"));
  terminal.print("");
}
