import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TEMPORARY_FILE } from "./atomic-files.ts";

export interface OldTemporaryFilesOptions {
  /** Whether folders below are looked through too. Default false. */
  readonly recursive?: boolean;
  /** Matches the names of other temporary files that count. */
  readonly also?: RegExp;
}

/** No living process writes a temporary file this long. Milliseconds: a week. */
const OLD = 7 * 24 * 3600 * 1000;

/**
 * Removes temporary files, such as those of `writeFileAtomically`, that killed processes left in a cache a week ago or
 * earlier. Looks once at each folder in this process; never throws, since a cache works with them too.
 */
export async function removeOldTemporaryFiles(
  folder: URL,
  { recursive = false, also }: OldTemporaryFilesOptions = {},
): Promise<void> {
  if (looked.has(folder.href)) return;
  looked.add(folder.href);
  const entries = await readdir(fileURLToPath(folder), { recursive, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile() || !(TEMPORARY_FILE.test(entry.name) || also?.test(entry.name))) continue;
    const file = join(entry.parentPath, entry.name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - OLD) await rm(file, { force: true }).catch(() => undefined);
  }
}

const looked = new Set<string>();
