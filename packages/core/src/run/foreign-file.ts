import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { z } from "zod";
import { TEMPORARY_FILE } from "../files/atomic-files.ts";
import { CHECKSUMS_FILE, savedFiles } from "../files/checksums.ts";
import { fileName } from "../files/file-name.ts";
import type { Manifest } from "./manifest.ts";
import type { RunFolder } from "./run-folder.ts";
import { unreadableFile } from "../files/file-problem.ts";

/** Returns a file in the stage folders that no run wrote. Undefined when there is none. */
export async function foreignFile(folder: RunFolder, { plan, stages }: Manifest): Promise<URL | undefined> {
  const planned = new Map(plan.stages.map(({ name, settings }) => [name, settings]));
  for (const stage of new Set([...planned.keys(), ...Object.keys(stages)])) {
    const { data = {}, evaluated = {} } = stages[stage] ?? {};
    const asked = settingsSchema.safeParse(planned.get(stage)).data?.benchmarks ?? [];
    const benchmarks = [...asked, ...Object.keys(data), ...Object.keys(evaluated)];
    const own = new Set(benchmarks.map((benchmark) => `${fileName(benchmark)}.jsonl`));
    const found =
      (await foreignAnswers(new URL(`answers/${fileName(stage)}/`, folder.url), own)) ??
      (await foreignCheckpoint(folder.checkpoints(stage)));
    if (found) return found;
  }
  return undefined;
}

/** Other packages may define stages with any settings, so other keys are allowed. */
const settingsSchema = z.object({ benchmarks: z.array(z.string()) });
/** Files that operating systems add when people browse a folder. */
const OF_SYSTEMS = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);
const CHECKPOINT = /^step-\d+$/;
/** Matches the temporary folders that killed processes left while writing or removing a checkpoint. */
const UNFINISHED = /^step-\d+\..*tmp$/;

async function foreignAnswers(folder: URL, own: ReadonlySet<string>): Promise<URL | undefined> {
  const foreign = (await entriesIn(folder)).find(
    (entry) => !entry.isFile() || !(own.has(entry.name) || TEMPORARY_FILE.test(entry.name)),
  );
  return foreign && placeOf(foreign, folder);
}

async function foreignCheckpoint(folder: URL): Promise<URL | undefined> {
  for (const entry of await entriesIn(folder)) {
    const place = placeOf(entry, folder);
    if (UNFINISHED.test(entry.name)) continue;
    if (!entry.isDirectory() || !CHECKPOINT.test(entry.name)) return place;
    const foreign = await unlisted(place);
    if (foreign) return foreign;
  }
  return undefined;
}

/**
 * Returns a file that the folder's `checksums.json` does not name. Without a `checksums.json`, all files are attributed
 * to the run.
 */
async function unlisted(folder: URL): Promise<URL | undefined> {
  const saved = await savedFiles(folder);
  if (!saved) return undefined;
  const own = new Set(saved);
  const search = async (inside: URL, path: string): Promise<URL | undefined> => {
    for (const entry of await entriesIn(inside)) {
      const place = placeOf(entry, inside);
      const name = `${path}${entry.name}`;
      if (!entry.isDirectory()) {
        if (own.has(name)) continue;
        return place;
      }
      // A subfolder with its own `checksums.json` is checked against that file.
      const found = await (own.has(`${name}/${CHECKSUMS_FILE}`) ? unlisted(place) : search(place, `${name}/`));
      if (found) return found;
    }
    return undefined;
  };
  return search(folder, "");
}

async function entriesIn(folder: URL): Promise<readonly Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !OF_SYSTEMS.has(name));
  } catch (error) {
    if (Object(error).code === "ENOENT") return [];
    throw await unreadableFile(folder, error);
  }
}

function placeOf(entry: Dirent, folder: URL): URL {
  return new URL(`${encodeURIComponent(entry.name)}${entry.isDirectory() ? "/" : ""}`, folder);
}
