import { readdir, rename, rm } from "node:fs/promises";
import { TEMPORARY_FILE } from "./atomic-files.ts";
import { fileName } from "./file-name.ts";
import { foreignFile } from "./foreign-file.ts";
import { makeFolder } from "./make-folder.ts";
import type { Manifest } from "./manifest.ts";
import { messageOf, MlanError } from "./errors.ts";
import { pathOf } from "./path-of.ts";
import { RUN_FILES, RUN_FOLDERS, type RunFolder } from "./run-folder.ts";

const ASIDE = ".replaced-run/";
const [MANIFEST] = RUN_FILES;

/**
 * The run that a fresh one may replace; undefined where there is none. Throws `run-folder` when the folder holds other
 * things and no run, or among the run's: only what a run wrote is ever removed.
 */
export async function replaceableRun(folder: RunFolder): Promise<Manifest | undefined> {
  const manifest = await folder.readManifest();
  if (manifest) {
    const foreign = await foreignFile(folder, manifest);
    if (foreign === undefined) return manifest;
    throw new MlanError(
      "run-folder",
      `${pathOf(foreign)} is not what a run writes there, and would be lost with the run that is replaced. Nothing was removed; move that away first, or give another folder.`,
    );
  }
  const other = (await namesIn(folder.url)).find((name) => !name.startsWith("run.lock"));
  if (other === undefined) return undefined;
  throw new MlanError(
    "run-folder",
    `${pathOf(folder.url)} is no run folder: it holds "${other}" and no manifest.json. Nothing was removed; give another folder.`,
  );
}

/** What a run wrote for one of these stages, where the folder has no manifest that says what it was made from. */
export async function leftWithoutManifest(folder: RunFolder, stages: readonly string[]): Promise<string | undefined> {
  for (const parent of RUN_FOLDERS) {
    const names = new Set(await namesIn(new URL(`${parent}/`, folder.url)));
    const found = stages.map(fileName).find((stage) => names.has(stage));
    if (found !== undefined) return `${parent}/${found}`;
  }
  return undefined;
}

/** The place of each stage's files in `parent`. */
function placesOf(parent: string, { plan, stages }: Manifest): readonly string[] {
  const names = new Set([...plan.stages.map(({ name }) => name), ...Object.keys(stages)]);
  return [...names].map((name) => `${parent}/${fileName(name)}`);
}

/** Moves all that a run wrote out of the way, for {@link settleAside} to remove or to put back. */
export async function setAside(folder: RunFolder, run: Manifest): Promise<void> {
  // The manifest leaves first: without one, the rest belongs to it still.
  const paths = [...RUN_FILES, ...RUN_FOLDERS.flatMap((parent) => placesOf(parent, run))];
  await moveAll(paths, folder.url, new URL(ASIDE, folder.url));
}

/**
 * Ends what {@link setAside} began, also for a process that was killed in between: where a new run has its manifest, the
 * old one is removed, else it is put back.
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

/** Removes what killed processes were writing. Nobody else writes: the folder is locked. */
export async function removeLitter(folder: RunFolder): Promise<void> {
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

async function removeFrom(place: URL, isLitter: (name: string) => boolean): Promise<void> {
  const litter = (await namesIn(place)).filter(isLitter);
  await Promise.all(litter.map((name) => rm(new URL(encodeURIComponent(name), place), { force: true })));
}

async function moveAll(paths: readonly string[], from: URL, to: URL): Promise<void> {
  for (const path of paths) {
    const target = new URL(path, to);
    await makeFolder(new URL("./", target));
    await rename(new URL(path, from), target).catch((cause: unknown) => {
      if (Object(cause).code === "ENOENT") return;
      const message = `${pathOf(new URL(path, from))} cannot be moved: ${messageOf(cause)}`;
      throw new MlanError("unavailable", message, { cause });
    });
  }
}

async function namesIn(folder: URL): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    // A file where a folder is expected holds no names; other parts say what is wrong with it.
    if (["ENOENT", "ENOTDIR"].includes(Object(cause).code)) return [];
    throw new MlanError("unavailable", `${pathOf(folder)} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
