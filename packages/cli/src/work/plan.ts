import { type Experiment, MlanError, planExperiment, type ResourcePlan, systemClock } from "@mlan/core";
import { openDisplay } from "../terminal/display.ts";
import { planLines } from "../terminal/plan-lines.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface PlanRequest {
  readonly experiment: Experiment;
  readonly folder: URL;
  /** Memory of the machine or GPU, in GB of 10^9 bytes. Default: this machine's. */
  readonly memory?: number;
  /** See `PlanOptions.measure`. */
  readonly measure: boolean;
  readonly json: boolean;
}

/** Prints the plan of an experiment and returns the exit status: 1 if a stage or its checkpoints do not fit. */
export async function plan({ memory, json, ...request }: PlanRequest, terminal: Terminal): Promise<number> {
  const found = await planned({ ...request, ...(memory !== undefined && { memory: memory * 1e9 }) }, terminal);
  terminal.print(json ? JSON.stringify(found, null, 2) : planLines(found, terminal.columns()).join("\n"));
  return found.stages.some(({ fits }) => fits === false) || lacksDisk(found) ? 1 : 0;
}

function lacksDisk({ disk: { neededBytes, freeBytes } }: ResourcePlan): boolean {
  return neededBytes > freeBytes;
}

async function planned(
  { experiment, ...options }: Omit<PlanRequest, "json">,
  terminal: Terminal,
): Promise<ResourcePlan> {
  using display = openDisplay(terminal, systemClock);
  for await (const event of planExperiment(experiment, options)) {
    if (event.type === "plan") return event.plan;
    display.show(event);
  }
  throw new MlanError("contract", "planExperiment() ended without a plan.");
}
