import { pathOf } from "@mlan/errors";
import { readdir, rename, rm } from "node:fs/promises";
import { TEMPORARY_FILE } from "../files/atomic-files.ts";
import { fileName } from "../files/file-name.ts";
import { fileProblem } from "../files/file-problem.ts";
import { foreignFile } from "./foreign-file.ts";
import { makeFolder } from "../files/make-folder.ts";
import type { Manifest } from "./manifest.ts";
import { MlanError } from "../errors.ts";
import { RUN_FILES, RUN_FOLDERS, type RunFolder } from "./run-folder.ts";

const ASIDE = ".replaced-run/";
const [MANIFEST] = RUN_FILES;

/**
 * Returns the run that a fresh run may replace. Undefined when the folder is empty. Throws `run-folder` when the folder
 * is not a run folder, or contains files that no run wrote and that must not be removed.
 */
export async function replaceableRun(folder: RunFolder): Promise<Manifest | undefined> {
  const manifest = await folder.readManifest();
  if (manifest) {
    const foreign = await foreignFile(folder, manifest);
    if (foreign === undefined) return manifest;
    throw new MlanError(
      "run-folder",
      `${pathOf(foreign)} was not written by the run and would be lost when the run is replaced. Nothing was removed; move it away first.`,
    );
  }
  const other = (await namesIn(folder.url)).find((name) => !name.startsWith("run.lock"));
  if (other === undefined) return undefined;
  throw new MlanError(
    "run-folder",
    `${pathOf(folder.url)} is not a run folder: it contains "${other}" but no manifest.json. Nothing was removed; ${folder.otherwise}.`,
  );
}

/**
 * Returns a folder that a run wrote for one of these stages, in a run folder without a manifest. Undefined when there
 * is none.
 */
export async function leftWithoutManifest(folder: RunFolder, stages: readonly string[]): Promise<string | undefined> {
  for (const parent of RUN_FOLDERS) {
    const names = new Set(await namesIn(new URL(`${parent}/`, folder.url)));
    const found = stages.map(fileName).find((stage) => names.has(stage));
    if (found !== undefined) return `${parent}/${found}`;
  }
  return undefined;
}

/** Returns the paths of the stages' folders in `parent`. */
function placesOf(parent: string, { plan, stages }: Manifest): readonly string[] {
  const names = new Set([...plan.stages.map(({ name }) => name), ...Object.keys(stages)]);
  return [...names].map((name) => `${parent}/${fileName(name)}`);
}

/** Moves all files of a run into a folder, which it returns; {@link settleAside} removes or restores them. */
export async function setAside(folder: RunFolder, run: Manifest): Promise<URL> {
  const aside = new URL(ASIDE, folder.url);
  // The manifest goes first: a folder without one is never taken for a complete run.
  const paths = [...RUN_FILES, ...RUN_FOLDERS.flatMap((parent) => placesOf(parent, run))];
  await moveAll(paths, folder.url, aside);
  return aside;
}

/**
 * Completes {@link setAside}, even if the process was killed in between: removes the old run if the new run has a
 * manifest, and restores it otherwise.
 */
export async function settleAside(folder: RunFolder): Promise<void> {
  const aside = new URL(ASIDE, folder.url);
  const names = await namesIn(aside);
  if (names.length === 0) return;
  if (!(await namesIn(folder.url)).includes(MANIFEST)) {
    const inFolders = await Promise.all(
      RUN_FOLDERS.map(async (parent) =>
        (await namesIn(new URL(`${parent}/`, aside))).map((name) => `${parent}/${name}`),
      ),
    );
    const files = names.filter((name) => name !== MANIFEST && RUN_FILES.some((file) => file === name));
    await moveAll([...inFolders.flat(), ...files, MANIFEST], aside, folder.url);
  }
  await rm(aside, { recursive: true, force: true });
}

/** Removes the temporary files of killed processes. No other process can be writing, because the folder is locked. */
export async function removeLeftovers(folder: RunFolder): Promise<void> {
  await removeFrom(folder.url, (name) => {
    const isOwn = RUN_FILES.some((file) => name.startsWith(`${file}.`)) && TEMPORARY_FILE.test(name);
    return isOwn || LOCK_IN_THE_MAKING.test(name);
  });
  const answers = new URL("answers/", folder.url);
  for (const stage of await namesIn(answers)) {
    await removeFrom(new URL(`${encodeURIComponent(stage)}/`, answers), (name) => TEMPORARY_FILE.test(name));
  }
}

const LOCK_IN_THE_MAKING = /^run\.lock\..*\.tmp$/;

async function removeFrom(place: URL, isLeftover: (name: string) => boolean): Promise<void> {
  const leftovers = (await namesIn(place)).filter(isLeftover);
  await Promise.all(leftovers.map((name) => rm(new URL(encodeURIComponent(name), place), { force: true })));
}

async function moveAll(paths: readonly string[], from: URL, to: URL): Promise<void> {
  for (const path of paths) {
    const target = new URL(path, to);
    await makeFolder(new URL("./", target));
    await rename(new URL(path, from), target).catch((cause: unknown) => {
      if (Object(cause).code === "ENOENT") return;
      const message = `${pathOf(new URL(path, from))} cannot be moved: ${fileProblem(cause)}`;
      throw new MlanError("unavailable", message, { cause });
    });
  }
}

async function namesIn(folder: URL): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    // A file in place of a folder is listed as empty; other code throws the error for it.
    if (["ENOENT", "ENOTDIR"].includes(Object(cause).code)) return [];
    throw new MlanError("unavailable", `${pathOf(folder)} cannot be read: ${fileProblem(cause)}`, { cause });
  }
}
