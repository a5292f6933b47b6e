import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TEMPORARY_FILE } from "./atomic-files.ts";

export interface OldTemporaryFilesOptions {
  /** Whether to search subfolders too. Default false. */
  readonly recursive?: boolean;
  /** Matches the names of other temporary files to remove. */
  readonly also?: RegExp;
}

/** A week, in milliseconds. No running process takes that long to write a temporary file. */
const OLD = 7 * 24 * 3600 * 1000;

/**
 * Removes temporary files from a cache if they are at least a week old, such as those that killed processes of
 * `writeFileAtomically` left. Searches each folder once per process. Never throws, because leftover files do not harm a
 * cache.
 */
export async function removeOldTemporaryFiles(
  folder: URL,
  { recursive = false, also }: OldTemporaryFilesOptions = {},
): Promise<void> {
  if (searched.has(folder.href)) return;
  searched.add(folder.href);
  const entries = await readdir(fileURLToPath(folder), { recursive, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile() || !(TEMPORARY_FILE.test(entry.name) || also?.test(entry.name))) continue;
    const file = join(entry.parentPath, entry.name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - OLD) await rm(file, { force: true }).catch(() => undefined);
  }
}

const searched = new Set<string>();
