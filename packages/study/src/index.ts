export type { Study, StudyArm, StudyOptions, StudyRun, StudyVariation } from "./study.ts";
export { isStudy, study } from "./study.ts";
export type { StudyFailure } from "./failure-file.ts";
export type { StudyRecord, StudyRunRecord, StudyRunState, StudyStageRecord } from "./read-study.ts";
export { isStudyFolder, readStudy } from "./read-study.ts";
export type {
  RunStudyOptions,
  StudyEndEvent,
  StudyEvent,
  StudyWaitEvent,
  TaskEndEvent,
  TaskProgressEvent,
  TaskStartEvent,
  WaitingTask,
} from "./run-study.ts";
export { runStudy } from "./run-study.ts";
export type { StudySelection, UsefulProcessesOptions } from "./study-selection.ts";
export { usefulProcesses } from "./study-selection.ts";
export type { StudyTask } from "./study-tasks.ts";
export type { ArmProblem, PlanStudyOptions, StudyPlan, StudyPlanEvent, TaskPlan, TaskStagePlan } from "./plan-study.ts";
export { planStudy } from "./plan-study.ts";
