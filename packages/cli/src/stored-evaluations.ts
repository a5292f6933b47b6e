import { type AnswerRecord, MlanError, readRun, runFolder } from "@mlan/core";
import { type AnswersHeader, readAnswers } from "@mlan/eval-kit";
import { z } from "zod";
import { displayPath } from "./folders.ts";

/** The answers to one benchmark that a run keeps, of all questions or of those asked so far. */
export interface StoredEvaluation {
  readonly stage: string;
  readonly header: AnswersHeader;
  readonly records: readonly AnswerRecord[];
}

const settingsSchema = z.object({ benchmarks: z.array(z.string()) });

/** In the order in which they were asked. Throws `run-folder` when the folder is no run, or keeps no answers. */
export async function storedEvaluations(folder: URL): Promise<readonly StoredEvaluation[]> {
  const { manifest } = await readRun(folder);
  const files = runFolder(folder);
  const found: StoredEvaluation[] = [];
  for (const { name, kind, settings } of manifest.plan.stages) {
    if (kind !== "evaluate") continue;
    for (const benchmark of settingsSchema.parse(settings).benchmarks) {
      const { header, records } = await readAnswers(files.answers(name, benchmark));
      if (header && records.length > 0) found.push({ stage: name, header, records });
    }
  }
  if (found.length > 0) return found;
  const message = `the run in ${displayPath(folder)} keeps no answers yet. Let it reach a stage that evaluates.`;
  throw new MlanError("run-folder", message);
}
