import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A part of a download this old is not gone on with, and no living process writes a temporary file this long. */
const OLD = 7 * 24 * 3600 * 1000;

/** Removes what killed processes left in the cache of a dataset. Once for each folder in this process; never throws. */
export async function removeLitter(home: URL): Promise<void> {
  if (cleaned.has(home.href)) return;
  cleaned.add(home.href);
  const entries = await readdir(fileURLToPath(home), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile() || !/\.(?:tmp|[\da-f]+\.[\da-f]{8}-\d+-[\da-f]{8}\.part)$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - OLD) await rm(file, { force: true }).catch(() => undefined);
  }
}

const cleaned = new Set<string>();
