import {
  type AnswerRecord,
  type Damage,
  type Location,
  MlanError,
  pathOf,
  readRun,
  type Run,
  runFolder,
} from "@mlan/core";
import { z } from "zod";
import { readAnswers } from "./answer-log.ts";
import type { AnswersHeader } from "./answers-header.ts";

/** The stored answers to one benchmark in a run folder. The evaluation may be unfinished. */
export interface StoredEvaluation {
  readonly stage: string;
  readonly header: AnswersHeader;
  readonly records: readonly AnswerRecord[];
  /** Present when the file has changed since the run finished it. */
  readonly damage?: Damage;
}

/** An answer file that is damaged or cannot be read. */
export interface DamagedEvaluation {
  readonly stage: string;
  readonly benchmark: string;
  /** The message contains the file and the remedy. */
  readonly error: MlanError;
}

export interface StoredEvaluations {
  /** The stages with answers, including damaged ones, in the order in which they ran. */
  readonly stages: readonly string[];
  /** The intact evaluations, in the order in which they were asked. */
  readonly evaluations: readonly StoredEvaluation[];
  /** The evaluations that could not be read. Report them to the user. */
  readonly damaged: readonly DamagedEvaluation[];
}

const settingsSchema = z.object({ benchmarks: z.array(z.string()) });

/**
 * Reads the answers of all evaluation stages of a run. The run may still be active. A damaged file does not prevent
 * other files from being read. Throws `run-folder` when the folder is not a run folder or has no answers.
 */
export async function storedEvaluations(folder: Location): Promise<StoredEvaluations> {
  const run = await readRun(folder, { skipDamaged: true });
  const found = await evaluationsOf(run);
  if (found.stages.length > 0) return found;
  const message = `the run in ${pathOf(run.folder)} has no answers yet. Let it reach an evaluation stage.`;
  throw new MlanError("run-folder", message);
}

/**
 * Like {@link storedEvaluations}, for a run that has been read; `only` selects one benchmark of one stage. A run without
 * answers has no evaluations.
 */
export async function evaluationsOf(
  { folder, manifest, damage }: Pick<Run, "folder" | "manifest" | "damage">,
  only?: { readonly stage: string; readonly benchmark: string },
): Promise<StoredEvaluations> {
  const files = runFolder(folder);
  const evaluations: StoredEvaluation[] = [];
  const damaged: DamagedEvaluation[] = [];
  for (const { name, kind, settings } of manifest.plan.stages) {
    if (kind !== "evaluate" || (only && name !== only.stage)) continue;
    // A stage of a different package may have any settings; its answers cannot be found.
    for (const benchmark of settingsSchema.safeParse(settings).data?.benchmarks ?? []) {
      if (only && benchmark !== only.benchmark) continue;
      try {
        const file = files.answers(name, benchmark);
        const { header, records } = await readAnswers(file);
        const changed = damage.find((one) => new URL(one.file, files.url).href === file.href);
        if (header && records.length > 0) {
          evaluations.push({ stage: name, header, records, ...(changed && { damage: changed }) });
        } else if (changed) {
          const message = `${pathOf(file)} ${header ? "contains no answers" : "is missing"}. Run the experiment or study again in its folder.`;
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
  return { stages, evaluations, damaged };
}
