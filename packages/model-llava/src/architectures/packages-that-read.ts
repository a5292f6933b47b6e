import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Returns the names of the installed backbone packages, by any author, that read a `model_type`. Such a package has the
 * keywords "mlan" and the `model_type` in its package.json; a search on npm for both finds packages that are not
 * installed.
 */
export async function packagesThatRead(modelType: string): Promise<readonly string[]> {
  const folders = [...foldersAbove(fileURLToPath(import.meta.url)), ...foldersAbove(process.cwd())];
  const names = await Promise.all([...new Set(folders)].map((folder) => packagesIn(folder, modelType)));
  return [...new Set(names.flat())].toSorted();
}

function foldersAbove(path: string): readonly string[] {
  const above = join(path, "..");
  const here = join(path, "node_modules");
  return above === path ? [here] : [here, ...foldersAbove(above)];
}

/** This package is skipped: its keywords contain `model_type`s, but it is not a backbone. */
const KIT = "@mlan/model-llava";

async function packagesIn(folder: string, modelType: string): Promise<readonly string[]> {
  const keywords = scans.get(folder) ?? scan(folder);
  scans.set(folder, keywords);
  return [...(await keywords)].flatMap(([name, words]) => (words.has(modelType) ? name : []));
}

/**
 * The scan of each folder, by path. Each folder is scanned once per process, because a scan may read thousands of
 * files.
 */
const scans = new Map<string, ReturnType<typeof scan>>();

/** Returns the keywords of the packages in a folder, for those that have the keyword "mlan". */
async function scan(folder: string): Promise<ReadonlyMap<string, ReadonlySet<unknown>>> {
  const names = (await namesIn(folder)).filter((name) => name !== KIT);
  const all = await Promise.all(names.map(async (name) => [name, await keywordsOf(join(folder, name))] as const));
  return new Map(all.filter(([, keywords]) => keywords.has("mlan")));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder).catch(() => []);
  const scoped = entries.filter((entry) => entry.startsWith("@"));
  const within = await Promise.all(
    scoped.map(async (scope) => (await readdir(join(folder, scope)).catch(() => [])).map((name) => `${scope}/${name}`)),
  );
  return [...entries.filter((entry) => !/^[@.]/.test(entry)), ...within.flat()];
}

/** Returns the keywords of a package; none if it cannot be read, because the caller already reports an error. */
async function keywordsOf(folder: string): Promise<ReadonlySet<unknown>> {
  try {
    const { keywords }: { keywords?: unknown } = Object(
      JSON.parse(await readFile(join(folder, "package.json"), "utf8")),
    );
    return new Set(Array.isArray(keywords) ? keywords : []);
  } catch {
    return new Set();
  }
}
