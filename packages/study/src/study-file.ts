import { lstat } from "node:fs/promises";
import {
  describeIssue,
  type ExperimentPlan,
  jsonOrUndefined,
  MlanError,
  pathOf,
  planOf,
  problemsOf,
  readFileIfThere,
  writeFileAtomically,
} from "@mlan/core";
import { z } from "zod";
import type { Study, StudyRun, StudyVariation } from "./study.ts";
import { folderOf } from "./study-tasks.ts";

const FILE = "study.json";
const NEWEST_FORMAT = 1;

/** The content of `study.json`: the study, without the progress of its runs. */
export interface StudyFile extends Pick<Study, "name" | "models" | "arms" | "seeds" | "base"> {
  readonly formatVersion: 1;
  /** ISO 8601. */
  readonly created: string;
  readonly runs: readonly StudyFileRun[];
}

export interface StudyFileRun extends StudyVariation {
  /** The run folder as a URL relative to the study folder. Ends in a slash. */
  readonly folder: string;
  /** The name of the last evaluation stage. */
  readonly evaluation?: string;
  readonly plan: ExperimentPlan;
}

const schema: z.ZodType<StudyFile> = z.object({
  formatVersion: z.literal(1),
  name: z.string(),
  created: z.string(),
  models: z.array(z.string()),
  arms: z.array(z.object({ name: z.string(), value: z.number().exactOptional() })),
  seeds: z.array(z.number()),
  base: z.string(),
  runs: z.array(
    z.object({
      model: z.string(),
      arm: z.string(),
      seed: z.number(),
      folder: z.string().refine(isBelow, "expected a folder inside the study folder"),
      evaluation: z.string().exactOptional(),
      plan: z.custom<ExperimentPlan>(isPlan, "expected the plan of an experiment"),
    }),
  ),
});

/**
 * Reads `study.json`; undefined when there is none. Throws `run-folder` if the file is invalid, cannot be read or has a newer
 * format.
 */
export async function readStudyFile(folder: URL): Promise<StudyFile | undefined> {
  const file = new URL(FILE, folder);
  const content = await readFileIfThere(file, "run-folder");
  if (content === undefined) return undefined;
  const found = jsonOrUndefined(content.toString("utf8"));
  const { formatVersion } = Object(found);
  if (Number.isInteger(formatVersion) && formatVersion > NEWEST_FORMAT) {
    const message = `${pathOf(folder)} was written by a newer version of mlan: its ${FILE} has format ${formatVersion}, and this version reads formats up to ${NEWEST_FORMAT}. Update mlan.`;
    throw new MlanError("run-folder", message);
  }
  const { data, error } = schema.safeParse(found, { reportInput: true, error: describeIssue });
  if (data) return data;
  const problem = found === undefined ? "it is not JSON" : problemsOf(error, "key");
  const message = `${pathOf(file)} is damaged (${problem}). Remove the file and run the study again; finished runs are kept.`;
  throw new MlanError("run-folder", message, { cause: error });
}

/**
 * Writes `study.json`, unless it has the same content already. Throws `run-folder` when the folder contains another
 * study or a run.
 */
export async function keepStudyFile(study: Study, folder: URL): Promise<void> {
  const { name, models, arms, seeds, base, runs } = study;
  const found = await readStudyFile(folder);
  if (found && found.name !== name) {
    const message = `${pathOf(folder)} contains the study "${found.name}", not "${name}". Run in a different folder.`;
    throw new MlanError("run-folder", message);
  }
  if (!found && (await isRunFolder(folder))) {
    throw new MlanError("run-folder", `${pathOf(folder)} contains a run, not a study. Run in a different folder.`);
  }
  const content: StudyFile = {
    formatVersion: 1,
    name,
    created: found?.created ?? new Date().toISOString(),
    models,
    arms,
    seeds,
    base,
    runs: runs.map(fileRunOf),
  };
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (found && `${JSON.stringify(found, null, 2)}\n` === text) return;
  await writeFileAtomically(new URL(FILE, folder), text);
}

function fileRunOf({ experiment, model, arm, seed }: StudyRun): StudyFileRun {
  const evaluation = experiment.stages.findLast(({ kind }) => kind === "evaluate")?.name;
  const folder = folderOf({ model, arm, seed });
  return { model, arm, seed, folder, ...(evaluation !== undefined && { evaluation }), plan: planOf(experiment) };
}

async function isRunFolder(folder: URL): Promise<boolean> {
  return lstat(new URL("manifest.json", folder)).then(
    () => true,
    () => false,
  );
}

function isBelow(path: string): boolean {
  return (
    path.endsWith("/") &&
    path
      .slice(0, -1)
      .split("/")
      .every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part))
  );
}

function isPlan(value: unknown): boolean {
  const { name, seed, plugins, stages } = Object(value);
  return typeof name === "string" && typeof seed === "number" && Array.isArray(plugins) && Array.isArray(stages);
}
