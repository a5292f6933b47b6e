import { rm } from "node:fs/promises";
import {
  fileProblem,
  jsonOrUndefined,
  messageOf,
  MlanError,
  pathOf,
  readFileIfThere,
  writeFileAtomically,
} from "@mlan/core";
import { z } from "zod";

/** Why a run of a study failed. */
export interface StudyFailure {
  /** The message of the error. */
  readonly message: string;
  /** When the run failed, ISO 8601. Absent when the run folder cannot be read. */
  readonly time?: string;
  /** The name of the stage that failed. Absent when the run failed before its first stage. */
  readonly stage?: string;
}

const schema: z.ZodType<StudyFailure> = z.object({
  message: z.string(),
  time: z.string().exactOptional(),
  stage: z.string().exactOptional(),
});

/** Reads the failure that is recorded next to a run folder; undefined when there is none. */
export async function readFailure(runFolder: URL): Promise<StudyFailure | undefined> {
  let content: Buffer | undefined;
  try {
    content = await readFileIfThere(fileOf(runFolder));
  } catch (error) {
    return { message: `there may be the record of a failure, but ${messageOf(error)}` };
  }
  if (content === undefined) return undefined;
  const { data } = schema.safeParse(jsonOrUndefined(content.toString("utf8")));
  return data ?? { message: "the run failed, and the record of its failure is damaged" };
}

export function writeFailure(runFolder: URL, failure: StudyFailure): Promise<void> {
  return writeFileAtomically(fileOf(runFolder), `${JSON.stringify(failure, null, 2)}\n`);
}

export async function removeFailure(runFolder: URL): Promise<void> {
  const file = fileOf(runFolder);
  await rm(file, { force: true }).catch((cause: unknown) => {
    throw new MlanError("run-folder", `${pathOf(file)} cannot be removed: ${fileProblem(cause)}`, { cause });
  });
}

/**
 * Returns what a user can do with a run folder of a study that cannot be used, as the end of a sentence in errors. A
 * study's run folders cannot be chosen.
 */
export function remedyFor(runFolder: URL): string {
  return `remove ${pathOf(runFolder)} and run the study again, which copies finished stages from other runs where possible`;
}

/**
 * Adds a remedy to an error about a damaged checkpoint in the run folder. Errors about other checkpoints are returned
 * unchanged, because the study does not own those files.
 */
export function withRemedy(cause: unknown, runFolder: URL): unknown {
  if (!MlanError.is(cause, "invalid-checkpoint") || !cause.message.includes(pathOf(runFolder))) return cause;
  return new MlanError(cause.code, `${cause.message} Or ${remedyFor(runFolder)}.`, { cause });
}

/** The record is next to the run folder, not in it: the folder may not exist, and a new run may replace it. */
function fileOf(runFolder: URL): URL {
  return new URL(`${runFolder.href.replace(/\/$/, "")}.failure.json`);
}
