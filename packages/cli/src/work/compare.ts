import { stat } from "node:fs/promises";
import { counted, MlanError } from "@mlan/core";
import { type AllowedDifference, type ComparedResult, compareResults, comparisonTable } from "@mlan/eval-compare";
import { type StoredEvaluation, storedEvaluations } from "@mlan/eval-kit";
import { count, damageText } from "@mlan/run-view";
import { folderAt, runFolderAt } from "../project/folders.ts";

/** Compares two evaluations, each given as `folder` or `folder:stage`, and returns the lines of the table. */
export async function compareRuns(
  first: string,
  second: string,
  allow: readonly AllowedDifference[],
): Promise<readonly string[]> {
  const [one, other] = [await evaluationAt(first), await evaluationAt(second)];
  const table = comparisonTable(compareResults(one.results, other.results, { allow }));
  const damage = [one, other].flatMap(({ folder, evaluations }) =>
    evaluations.flatMap(({ damage: one }) => (one ? [`${folder}: ${damageText(one)}`] : [])),
  );
  return damage.length > 0 ? [...table, "", ...new Set(damage)] : table;
}

interface NamedEvaluation {
  readonly folder: string;
  readonly evaluations: readonly StoredEvaluation[];
  readonly results: readonly ComparedResult[];
}

/** Reads the answers of the named stage, by default of the last stage with answers. */
async function evaluationAt(named: string): Promise<NamedEvaluation> {
  const [folder, wanted] = await splitName(named);
  const { stages, evaluations, damaged } = await storedEvaluations(await runFolderAt(folder));
  const stage = wanted ?? stages.at(-1);
  const unreadable = damaged.find((evaluation) => evaluation.stage === stage);
  if (unreadable) throw unreadable.error;
  const chosen = evaluations.filter((evaluation) => evaluation.stage === stage);
  if (chosen.length === 0) {
    const message = `${folder} has no answers for a stage "${stage}". Stages with answers: ${stages.join(", ")}.`;
    throw new MlanError("run-folder", message);
  }
  const results = chosen.map(({ header, records, damage }): ComparedResult => {
    if (records.length < header.questions) {
      const remedy = damage
        ? "Run the experiment or study again in its folder to ask the rest."
        : "Wait until the run has finished.";
      const message = `${folder}: ${header.benchmark} at ${stage} has ${counted(records.length, "answer")} of ${count(header.questions)}. ${remedy}`;
      throw new MlanError("run-folder", message);
    }
    const { benchmark, protocol, fingerprints } = header;
    return { benchmark, protocol, fingerprints, answers: records, label: `${folder}: ${stage}` };
  });
  return { folder, evaluations: chosen, results };
}

/** Splits `folder:stage`. The folder may have a colon in its name. */
async function splitName(named: string): Promise<readonly [folder: string, stage: string | undefined]> {
  const colon = named.lastIndexOf(":");
  const whole = await stat(folderAt(named)).catch(() => undefined);
  return whole || colon <= 0 ? [named, undefined] : [named.slice(0, colon), named.slice(colon + 1)];
}
