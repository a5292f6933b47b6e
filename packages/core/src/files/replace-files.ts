import { randomUUID } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { syncFolder, syncTree, writeError } from "./atomic-files.ts";
import { CHECKSUMS_FILE } from "./checksums.ts";
import { makeFolder } from "./make-folder.ts";

/** Matches the temporary folder of {@link replaceFiles}, which is inside the folder to be replaced. */
const STAGING = /^\.saving\.(\d+)\.[\da-f-]{36}\.tmp$/;

/**
 * Replaces files of a folder. `write` puts the new files into a temporary folder inside the folder; its URL ends in a
 * slash. Old entries for which `isReplaced` returns true are removed; all others are kept. The names of folders are
 * passed to `isReplaced` with a slash at the end. When `write` throws, the folder is unchanged. The new
 * `checksums.json` is moved into place first, so that a folder whose replacement was interrupted fails verification.
 */
export async function replaceFiles(
  folder: URL,
  isReplaced: (name: string) => boolean,
  write: (temporary: URL) => Promise<void>,
): Promise<void> {
  const staging = new URL(`.saving.${process.pid}.${randomUUID()}.tmp/`, folder);
  try {
    await makeFolder(folder);
    await removeAbandoned(folder);
    await makeFolder(staging);
    await write(staging);
    await syncTree(staging);
    await moveInto(folder, staging, isReplaced);
    await syncFolder(folder);
  } catch (cause) {
    throw writeError(folder, cause);
  } finally {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function moveInto(folder: URL, staging: URL, isReplaced: (name: string) => boolean): Promise<void> {
  const written = await readdir(staging);
  const before = await readdir(folder, { withFileTypes: true });
  const isStale = (entry: Dirent): boolean => isReplaced(entry.isDirectory() ? `${entry.name}/` : entry.name);
  const stale = before.filter(isStale);
  const move = (name: string): Promise<void> => rename(fileIn(staging, name), fileIn(folder, name));
  if (written.includes(CHECKSUMS_FILE)) await move(CHECKSUMS_FILE);
  for (const entry of stale) {
    // Renaming cannot replace a folder that exists.
    if (entry.isDirectory() || !written.includes(entry.name))
      await rm(fileIn(folder, entry.name), { recursive: true, force: true });
  }
  for (const name of written) if (name !== CHECKSUMS_FILE) await move(name);
}

/** Removes the temporary folders of killed processes. */
async function removeAbandoned(folder: URL): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = STAGING.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(fileIn(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM means that the process exists and belongs to another user.
    return Object(error).code === "EPERM";
  }
}

function fileIn(folder: URL, name: string): URL {
  return new URL(encodeURIComponent(name), folder);
}
