import { batchText, type ResourcePlan, type StagePlan, memoryRemedy } from "@mlan/core";
import { type TextColumn, textTable } from "@mlan/eval-kit";
import { count, duration } from "@mlan/run-view";

/**
 * Formats a plan as tables with at most `width` characters per line: the stages, their memory by purpose, and the disk
 * space.
 */
export function planLines(plan: ResourcePlan, width: number): readonly string[] {
  const { memoryLimit, disk, stages } = plan;
  const limit = memoryLimit === undefined ? "" : `, of ${gigabytes(memoryLimit)} GB`;
  const known = stages.filter(({ memory }) => memory !== undefined);
  return [
    "Stages",
    "",
    ...textTable({ columns: STAGE_COLUMNS, rows: stages.map(stageCells) }, width),
    ...(known.length > 0
      ? ["", `Peak memory in GB (10^9 bytes)${limit}`, "", ...textTable(memoryTable(known), width)]
      : []),
    ...stages.flatMap(({ name, fits, wouldFit }) =>
      fits === false ? ["", `${name} does not fit. ${memoryRemedy(wouldFit)}`] : [],
    ),
    ...timeLines(stages),
    "",
    `Disk: the checkpoints need ${gigabytes(disk.neededBytes)} GB, and ${gigabytes(disk.freeBytes)} GB are free.${
      disk.modelBytes > 0
        ? ` Files of quantized weights, written next to the model's, need ${gigabytes(disk.modelBytes)} GB.`
        : ""
    }`,
  ];
}

const STAGE_COLUMNS: readonly TextColumn[] = [
  { title: "stage", align: "left", key: true },
  { title: "kind", align: "left" },
  { title: "trained", align: "right" },
  { title: "frozen", align: "right" },
  { title: "steps", align: "right" },
  { title: "questions", align: "right" },
  { title: "largest batch", align: "left" },
  { title: "checkpoints", align: "right" },
];

function stageCells(stage: StagePlan): readonly string[] {
  const { name, kind, parameters, training, answering } = stage;
  const { needs } = training ?? {};
  return [
    name,
    kind,
    parameters && parameters.trained > 0 ? millions(parameters.trained) : "",
    parameters ? millions(parameters.frozen) : "",
    needs?.steps === undefined ? "" : count(needs.steps),
    answering ? count(answering.questions) : "",
    training || answering ? batchText({ ...(training && { training }), ...(answering && { answering }) }) : "unknown",
    needs ? `${gigabytes(needs.peakBytes)} GB` : "",
  ];
}

function memoryTable(stages: readonly StagePlan[]): Parameters<typeof textTable>[0] {
  const parts = [...new Set(stages.flatMap(({ memory }) => Object.keys(memory?.parts ?? {})))];
  const columns: readonly TextColumn[] = [
    { title: "stage", align: "left", key: true },
    ...parts.map((title): TextColumn => ({ title: TITLES[title] ?? title, align: "right" })),
    { title: "total", align: "right" },
    { title: "fits", align: "left" },
  ];
  const rows = stages.map(({ name, memory, fits }) => [
    name,
    ...parts.map((part) => (memory?.parts[part] === undefined ? "" : gigabytes(memory.parts[part]))),
    memory ? gigabytes(memory.total) : "",
    fits === undefined ? "" : fits ? "yes" : "no",
  ]);
  return { columns, rows };
}

const TITLES: Readonly<Record<string, string>> = { masterWeights: "master" };

function timeLines(stages: readonly StagePlan[]): readonly string[] {
  const lines = stages.flatMap(({ name, measured, training }) => {
    const { steps } = training?.needs ?? {};
    if (!measured || steps === undefined) return [];
    const all = duration(measured.firstSeconds + measured.seconds * (steps - 1));
    return [
      `${name}: ${all} for ${count(steps)} steps, at ${duration(measured.seconds)} a step; the process took ${gigabytes(measured.peakBytes)} GB`,
    ];
  });
  return lines.length > 0
    ? ["", "Time of training, without checkpoints, and if all batches have the same shape", "", ...lines]
    : [];
}

function millions(parameters: number): string {
  return `${count(parameters / 1e6) === "0" ? (parameters / 1e6).toFixed(3) : count(parameters / 1e6)} M`;
}

/** Formats bytes in GB of 10^9 bytes. */
export function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(bytes < 1e7 ? 4 : 2);
}
