import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The installed packages of backbones that read a `model_type`. They list it among the `keywords` of their package.json,
 * by which npm finds those that are not installed.
 */
export async function packagesThatRead(modelType: string): Promise<readonly string[]> {
  const folders = [...foldersAbove(fileURLToPath(import.meta.url)), ...foldersAbove(process.cwd())];
  const found = await Promise.all([...new Set(folders)].map((folder) => packagesIn(folder, modelType)));
  return [...new Set(found.flat())].toSorted();
}

function foldersAbove(path: string): readonly string[] {
  const above = join(path, "..");
  const here = join(path, "node_modules", SCOPE);
  return above === path ? [here] : [here, ...foldersAbove(above)];
}

const SCOPE = "@mlan";
/** This package: it has no backbone, though it is found by the names of what it reads. */
const KIT = "model-llava";

async function packagesIn(folder: string, modelType: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const backbones = names.filter((name) => name.startsWith("model-") && name !== KIT);
  const read = await Promise.all(backbones.map(async (name) => (await keywordsOf(join(folder, name))).has(modelType)));
  return backbones.filter((_, index) => read[index]).map((name) => `${SCOPE}/${name}`);
}

/** None for a package that cannot be read: whoever asks has an error to tell already. */
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
