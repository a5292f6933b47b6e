import { readFile, rm } from "node:fs/promises";
import { jsonOrUndefined, writeFileAtomically } from "@mlan/core";
import { z } from "zod";

/** Why a run of a study failed. */
export interface StudyFailure {
  /** The message of the error. */
  readonly message: string;
  /** ISO 8601. Absent when the run folder cannot be read now. */
  readonly time?: string;
  /** The name of the stage that failed. Absent when the run failed before its first stage. */
  readonly stage?: string;
}

const schema: z.ZodType<StudyFailure> = z.object({
  message: z.string(),
  time: z.string().exactOptional(),
  stage: z.string().exactOptional(),
});

/** Returns the failure recorded beside a run folder; undefined when there is none. */
export async function readFailure(runFolder: URL): Promise<StudyFailure | undefined> {
  const text = await readFile(fileOf(runFolder), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { data } = schema.safeParse(jsonOrUndefined(text));
  return data ?? { message: "it failed, and the record of its failure is damaged" };
}

export function writeFailure(runFolder: URL, failure: StudyFailure): Promise<void> {
  return writeFileAtomically(fileOf(runFolder), `${JSON.stringify(failure, null, 2)}\n`);
}

export function removeFailure(runFolder: URL): Promise<void> {
  return rm(fileOf(runFolder), { force: true });
}

/** Beside the folder, which may not exist, and where a run may be replaced. */
function fileOf(runFolder: URL): URL {
  return new URL(`${runFolder.href.replace(/\/$/, "")}.failure.json`);
}
