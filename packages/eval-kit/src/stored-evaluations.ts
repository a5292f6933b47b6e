import { type AnswerRecord, type Location, MlanError, pathOf, readRun, runFolder } from "@mlan/core";
import { z } from "zod";
import { readAnswers } from "./answer-log.ts";
import type { AnswersHeader } from "./answers-header.ts";

/** The answers to one benchmark that a run folder keeps, of all questions or of those asked so far. */
export interface StoredEvaluation {
  readonly stage: string;
  readonly header: AnswersHeader;
  readonly records: readonly AnswerRecord[];
}

const settingsSchema = z.object({ benchmarks: z.array(z.string()) });

/**
 * The answers of all evaluation stages, in the order in which they were asked; the run may be under way. Throws
 * `run-folder` when the folder is no run, or keeps no answers.
 */
export async function storedEvaluations(folder: Location): Promise<readonly StoredEvaluation[]> {
  const { manifest } = await readRun(folder);
  const files = runFolder(folder);
  const found: StoredEvaluation[] = [];
  for (const { name, kind, settings } of manifest.plan.stages) {
    if (kind !== "evaluate") continue;
    // A stage of another maker may have settings of any kind, and answers that nobody else can find.
    for (const benchmark of settingsSchema.safeParse(settings).data?.benchmarks ?? []) {
      const { header, records } = await readAnswers(files.answers(name, benchmark));
      if (header && records.length > 0) found.push({ stage: name, header, records });
    }
  }
  if (found.length > 0) return found;
  const message = `the run in ${pathOf(files.url)} keeps no answers yet. Let it reach a stage that evaluates.`;
  throw new MlanError("run-folder", message);
}
