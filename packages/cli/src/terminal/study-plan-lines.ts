import { memoryRemedy } from "@mlan/core";
import { type TextColumn, textTable } from "@mlan/eval-kit";
import type { StudyPlan, TaskPlan, TaskStagePlan } from "@mlan/study";
import { count, significant } from "@mlan/run-view";
import { gigabytes } from "./plan-lines.ts";

const COLUMNS: readonly TextColumn[] = [
  { title: "task", align: "left", key: true },
  { title: "for runs", align: "right" },
  { title: "stage", align: "left" },
  { title: "steps", align: "right" },
  { title: "questions", align: "right" },
  { title: "memory", align: "right" },
  { title: "checkpoints", align: "right" },
  { title: "state", align: "left" },
];

/** Describes the plan of a study in lines of at most `width` characters. Each shared stage occurs once. */
export function studyPlanLines(plan: StudyPlan, width: number): readonly string[] {
  const { tasks, disk, memoryLimit } = plan;
  const stages = tasks.flatMap((task) => task.stages);
  const pending = stages.filter(({ done }) => !done);
  const memory = Math.max(0, ...pending.map((stage) => stage.memory?.total ?? 0));
  const limit = memoryLimit === undefined ? "" : `, of ${gigabytes(memoryLimit)} GB`;
  return [
    `Study ${plan.study}`,
    "",
    ...textTable({ columns: COLUMNS, rows: tasks.flatMap(rowsOf) }, width),
    ...problems(stages),
    ...plan.problems.flatMap(({ arm, model, message }) => ["", `${arm} on ${model} cannot be planned: ${message}`]),
    "",
    `To do: ${count(pending.length)} of ${count(stages.length)} stages, ` +
      `${count(sum(pending.map(({ training }) => training?.needs.steps ?? 0)))} training steps, ` +
      `${count(sum(pending.map(({ answering }) => answering?.questions ?? 0)))} questions.`,
    ...costLines(pending),
    ...(memory > 0 ? [`Peak memory: ${gigabytes(memory)} GB${limit}, for each process.`] : []),
    `Disk: the checkpoints need ${gigabytes(disk.neededBytes)} GB, and ${gigabytes(disk.freeBytes)} GB are free.`,
  ];
}

function costLines(stages: readonly TaskStagePlan[]): readonly string[] {
  const costs = stages.flatMap(({ training }) => training?.cost ?? []);
  if (costs.length === 0) return [];
  const [positions, flops] = [sum(costs.map((cost) => cost.positions)), sum(costs.map((cost) => cost.flops))];
  return [
    `Cost of training: about ${count(positions)} positions and ${significant(flops / 1e12)} TFLOP, without padding.`,
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rowsOf({ task, runs, stages, fails }: TaskPlan): readonly (readonly string[])[] {
  const head = [task.label, task.kind === "shared" ? count(runs) : ""];
  if (fails) return [[...head, "", "", "", "", "", "cannot be planned"]];
  if (stages.length === 0) return [[...head, "all shared", "", "", "", "", ""]];
  return stages.map(({ name, training, answering, memory, done }, index) => [
    ...(index === 0 ? head : ["", ""]),
    name,
    training?.needs.steps === undefined ? "" : count(training.needs.steps),
    answering ? count(answering.questions) : "",
    memory ? `${gigabytes(memory.total)} GB` : "",
    training ? `${gigabytes(training.needs.keptBytes)} GB` : "",
    done ? "done" : "",
  ]);
}

/** Returns a line for each stage name that does not fit, with a remedy. */
function problems(stages: readonly TaskStagePlan[]): readonly string[] {
  const lacking = new Map(stages.filter(({ fits }) => fits === false).map((stage) => [stage.name, stage]));
  return [...lacking.values()].flatMap(({ name, wouldFit }) => ["", `${name} does not fit. ${memoryRemedy(wouldFit)}`]);
}
