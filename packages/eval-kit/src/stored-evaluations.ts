import { type AnswerRecord, type Damage, type Location, MlanError, pathOf, readRun, runFolder } from "@mlan/core";
import { z } from "zod";
import { readAnswers } from "./answer-log.ts";
import type { AnswersHeader } from "./answers-header.ts";

/** The answers to one benchmark that a run folder keeps, of all questions or of those asked so far. */
export interface StoredEvaluation {
  readonly stage: string;
  readonly header: AnswersHeader;
  readonly records: readonly AnswerRecord[];
  /** Present when the file is not what the run wrote once all was answered. */
  readonly damage?: Damage;
}

/** An answer file of a run folder that is not as it was written, or cannot be read. */
export interface DamagedEvaluation {
  readonly stage: string;
  readonly benchmark: string;
  /** Names the file and the way out. */
  readonly error: MlanError;
}

export interface StoredEvaluations {
  /** Those that keep answers, damaged ones included, in the order in which they were run. */
  readonly stages: readonly string[];
  /** In the order in which they were asked. */
  readonly evaluations: readonly StoredEvaluation[];
  /** The others, of which nothing is known. Whoever leaves them out should say so. */
  readonly damaged: readonly DamagedEvaluation[];
}

const settingsSchema = z.object({ benchmarks: z.array(z.string()) });

/**
 * The answers of all evaluation stages; the run may be under way. A damaged file keeps no other from being read. Throws
 * `run-folder` when the folder is no run, or keeps no answers.
 */
export async function storedEvaluations(folder: Location): Promise<StoredEvaluations> {
  const { manifest, damage } = await readRun(folder);
  const files = runFolder(folder);
  const evaluations: StoredEvaluation[] = [];
  const damaged: DamagedEvaluation[] = [];
  for (const { name, kind, settings } of manifest.plan.stages) {
    if (kind !== "evaluate") continue;
    // A stage of another maker may have settings of any kind, and answers that nobody else can find.
    for (const benchmark of settingsSchema.safeParse(settings).data?.benchmarks ?? []) {
      try {
        const file = files.answers(name, benchmark);
        const { header, records } = await readAnswers(file);
        const changed = damage.find((one) => new URL(one.file, files.url).href === file.href);
        if (header && records.length > 0) {
          evaluations.push({ stage: name, header, records, ...(changed && { damage: changed }) });
        } else if (changed) {
          const message = `${pathOf(file)} ${header ? "has lost its answers" : "is missing"}. Run the experiment again in its folder.`;
          damaged.push({ stage: name, benchmark, error: new MlanError("run-folder", message) });
        }
      } catch (error) {
        if (!MlanError.is(error)) throw error;
        damaged.push({ stage: name, benchmark, error });
      }
    }
  }
  const kept = new Set([...evaluations, ...damaged].map(({ stage }) => stage));
  const stages = manifest.plan.stages.map(({ name }) => name).filter((name) => kept.has(name));
  if (stages.length > 0) return { stages, evaluations, damaged };
  const message = `the run in ${pathOf(files.url)} keeps no answers yet. Let it reach a stage that evaluates.`;
  throw new MlanError("run-folder", message);
}
