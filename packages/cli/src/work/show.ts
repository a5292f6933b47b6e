import { type Manifest, readRun, type Run } from "@mlan/core";
import { textTable } from "@mlan/eval-kit";
import { costTable } from "../terminal/cost-table.ts";
import { damageLines } from "../terminal/damage-lines.ts";
import { displayPath } from "../project/folders.ts";
import { resultsTable } from "../terminal/results-table.ts";
import { deviceUseText, mostDeviceUse } from "../terminal/device-use.ts";
import { count, fixed } from "../terminal/format-number.ts";
import { sparkline } from "../terminal/sparkline.ts";

/**
 * Describes the contents of a run folder in lines of at most `width` characters. Throws `run-folder` when it is not a
 * run folder.
 */
export async function showRun(folder: URL, width: number): Promise<readonly string[]> {
  const run = await readRun(folder);
  const { manifest, results, ledger, damage } = run;
  const { name, seed, stages } = manifest.plan;
  return [
    `${name} (seed ${seed}), started ${manifest.created.slice(0, 16).replace("T", " ")} UTC, in ${displayPath(run.folder)}`,
    "",
    ...stageTable(run, width),
    ...lossCurves(run, width),
    ...deviceUses(run),
    ...(results.length > 0 ? ["", ...resultsTable(results, { stages: stages.map((stage) => stage.name), width })] : []),
    ...(ledger.length > 0 ? ["", ...costTable(ledger, width)] : []),
    ...(damage.length > 0 ? ["", ...damageLines(damage)] : []),
  ];
}

function stageTable(run: Run, width: number): readonly string[] {
  const columns = [
    { title: "stage", align: "left", key: true },
    { title: "kind", align: "left" },
    { title: "state", align: "left" },
  ] as const;
  return textTable(
    { columns, rows: run.manifest.plan.stages.map(({ name, kind }) => [name, kind, stateOf(name, run)]) },
    width,
  );
}

function stateOf(stage: string, { manifest, metrics }: Run): string {
  const status: Manifest["stages"][string] | undefined = manifest.stages[stage];
  if (!status) return "not started";
  if (status.done) return "done";
  const last = metrics.findLast((step) => step.stage === stage);
  return last ? `at step ${count(last.step)} of ${count(last.steps)}` : "started";
}

/** Describes the largest device use of a step, for the stages whose trainer measures it. */
function deviceUses({ metrics }: Run): readonly string[] {
  const stages = [...new Set(metrics.map(({ stage }) => stage))];
  const lines = stages.flatMap((stage) => {
    const most = mostDeviceUse(metrics.filter((step) => step.stage === stage).map(({ device }) => device));
    return most ? [`${stage}: ${deviceUseText(most)}`] : [];
  });
  return lines.length > 0 ? ["", "Device", "", ...lines] : [];
}

function lossCurves({ metrics }: Run, width: number): readonly string[] {
  const stages = [...new Set(metrics.map(({ stage }) => stage))];
  if (stages.length === 0) return [];
  const names = Math.max(...stages.map((stage) => stage.length));
  const lines = stages.map((stage) => {
    const losses = metrics.filter((step) => step.stage === stage).map(({ loss }) => loss);
    const ends = `${fixed(losses[0] ?? NaN, 3)} → ${fixed(losses.at(-1) ?? NaN, 3)}`;
    return `${stage.padEnd(names)}  ${sparkline(losses, Math.min(60, width - names - ends.length - 4))}  ${ends}`;
  });
  return ["", "Loss", "", ...lines];
}
