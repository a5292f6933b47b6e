import { MlanError, systemClock } from "@mlan/core";
import { planStudy, type PlanStudyOptions, type Study, type StudyPlan } from "@mlan/study";
import { openDisplay } from "../terminal/display.ts";
import { studyPlanLines } from "../terminal/study-plan-lines.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface StudyPlanRequest extends Pick<PlanStudyOptions, "measure"> {
  readonly study: Study;
  readonly folder: URL;
  readonly only: PlanStudyOptions["only"] | undefined;
  /** Memory of the machine or GPU, in GB of 10^9 bytes. Default: this machine's. */
  readonly memory?: number;
  /** See `PlanOptions.processes` of core. */
  readonly processes?: number;
  readonly json: boolean;
}

/**
 * Prints the plan of a study and returns the exit status: 1 if a stage or the checkpoints do not fit, or
 * an arm cannot be planned.
 */
export async function planStudyRuns(
  { study, memory, only, json, ...options }: StudyPlanRequest,
  terminal: Terminal,
): Promise<number> {
  const limits = { ...(only && { only }), ...(memory !== undefined && { memory: memory * 1e9 }) };
  const plan = await planned(study, { ...options, ...limits }, terminal);
  terminal.print(json ? JSON.stringify(plan, null, 2) : studyPlanLines(plan, terminal.columns()).join("\n"));
  const { tasks, disk, problems } = plan;
  const lacksMemory = tasks.some(({ stages }) => stages.some(({ fits, done }) => fits === false && !done));
  return problems.length > 0 || lacksMemory || disk.neededBytes > disk.freeBytes ? 1 : 0;
}

async function planned(study: Study, options: PlanStudyOptions, terminal: Terminal): Promise<StudyPlan> {
  using display = openDisplay(terminal, systemClock);
  for await (const event of planStudy(study, options)) {
    if (event.type === "study-plan") return event.plan;
    display.show(event);
  }
  throw new MlanError("contract", "planStudy() ended without a plan.");
}
