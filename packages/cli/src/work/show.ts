import { textTable } from "@mlan/eval-kit";
import { count, fixed, type RunView, type StageView, type View, viewOf, viewOfStudy } from "@mlan/run-view";
import { isStudyFolder, readStudy } from "@mlan/study";
import { damageIn, isComplete } from "./damage.ts";
import { studyLines } from "./study-outcome.ts";
import { costTable } from "../terminal/cost-table.ts";
import { displayPath, folderAt } from "../project/folders.ts";
import { pairsTable } from "../terminal/pairs-table.ts";
import { resultsTable } from "../terminal/results-table.ts";
import { deviceUseText } from "../terminal/device-use.ts";
import { sparkline } from "../terminal/sparkline.ts";

export interface Shown {
  readonly text: string;
  /** Whether all runs could be read, and none of their files is damaged or missing. */
  readonly isComplete: boolean;
}

/**
 * Describes a run or a study in lines of at most `width` characters. Throws `run-folder` when the folder is neither a
 * run folder nor a study folder.
 */
export async function show(folder: URL, width: number): Promise<Shown> {
  if (await isStudyFolder(folder)) {
    const { lines, isComplete: complete } = await studyLines(await readStudy(folder), width);
    return { text: lines.join("\n"), isComplete: complete };
  }
  const view = await viewOf(folder);
  return { text: runLines(view, width).join("\n"), isComplete: isComplete(view) };
}

/** Returns the view of a run or a study as JSON. Throws the same errors as {@link show}. */
export async function showAsJson(folder: URL): Promise<Shown> {
  const view = await ((await isStudyFolder(folder)) ? viewOfStudy(await readStudy(folder)) : viewOf(folder));
  return { text: JSON.stringify(view, null, 2), isComplete: isComplete(view) };
}

function runLines(view: View, width: number): readonly string[] {
  const { results, costs } = view;
  return [
    ...view.runs.flatMap((run) => [...headOf(run), "", ...stageTable(run, width)]),
    ...lossCurves(view, width),
    ...deviceUses(view),
    ...block(pairsTable(view, width)),
    ...(results.length > 0 ? ["", ...resultsTable(view, width)] : []),
    ...block(costTable(costs, width)),
    ...block(damageIn(view).map(({ text }) => text)),
  ];
}

function block(lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? ["", ...lines] : [];
}

function headOf({ name, seed, created = "", folder }: RunView): readonly string[] {
  const started = created.slice(0, 16).replace("T", " ");
  return [`${name} (seed ${seed}), started ${started} UTC, in ${displayPath(folderAt(folder))}`];
}

function stageTable({ stages }: RunView, width: number): readonly string[] {
  const columns = [
    { title: "stage", align: "left", key: true },
    { title: "kind", align: "left" },
    { title: "state", align: "left" },
  ] as const;
  return textTable({ columns, rows: stages.map((stage) => [stage.name, stage.kind, stateOf(stage)]) }, width);
}

function stateOf({ state, progress }: StageView): string {
  if (state !== "started" || !progress) return state;
  return `at step ${count(progress.step)} of ${count(progress.steps)}`;
}

/** Describes the largest device use of a step, for the stages whose trainer measures it. */
function deviceUses({ runs }: View): readonly string[] {
  const stages = runs.flatMap((run) => run.stages);
  const lines = stages.flatMap(({ name, device }) => (device ? [`${name}: ${deviceUseText(device)}`] : []));
  return lines.length > 0 ? ["", "Device", "", ...lines] : [];
}

function lossCurves({ curves }: View, width: number): readonly string[] {
  const shown = curves.filter(({ source }) => source === "all");
  if (shown.length === 0) return [];
  const names = Math.max(...shown.map(({ stage }) => stage.length));
  const lines = shown.map(({ stage, points, firstLoss, lastLoss }) => {
    const losses = points.map(({ loss }) => loss);
    const ends = `${fixed(firstLoss, 3)} → ${fixed(lastLoss, 3)}`;
    return `${stage.padEnd(names)}  ${sparkline(losses, Math.min(60, width - names - ends.length - 4))}  ${ends}`;
  });
  return ["", "Loss", "", ...lines];
}
