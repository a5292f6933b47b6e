import { messageOf, pathOf } from "@mlan/errors";
import { randomUUID } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MlanError } from "../errors.ts";
import { knownProblem } from "./file-problem.ts";
import { makeFolder } from "./make-folder.ts";

/**
 * Matches the names of the temporary files of {@link writeFileAtomically}, which killed processes may leave. Earlier
 * versions used the process id in the name.
 */
export const TEMPORARY_FILE: RegExp = /\.(?:\d+|[\da-f]{8}-[\da-f-]{27})\.tmp$/;

/**
 * Replaces a file atomically: writes a temporary file in the same folder, syncs it to disk and renames it. Throws
 * `unavailable` when writing fails; the old file is then unchanged.
 */
export async function writeFileAtomically(file: URL, content: string | Uint8Array): Promise<void> {
  // A process id alone would not be unique: one process may write the same file twice at the same time.
  const temporary = new URL(`${file.href}.${randomUUID()}.tmp`);
  try {
    await makeFolder(new URL("./", file));
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(new URL("./", file));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(file, cause);
  }
}

/**
 * Creates a folder atomically: `write` fills a temporary folder, which is then synced to disk and renamed. An existing
 * folder is replaced only after `write` has succeeded; when `write` throws, the existing folder is unchanged. Killed
 * processes leave temporary folders whose names end in `.tmp`.
 */
export async function writeFolderAtomically(folder: URL, write: (temporary: URL) => Promise<void>): Promise<void> {
  const base = folder.href.replace(/\/$/, "");
  // The process id shows whether the writer is alive. The UUID distinguishes several writes of one process.
  const temporary = new URL(`${base}.${process.pid}.${randomUUID()}.tmp/`);
  try {
    await makeFolder(temporary);
    await write(temporary);
    await syncTree(temporary);
    await replaceFolder(folder, temporary, new URL(`${base}.${randomUUID()}.old.tmp/`));
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw writeError(folder, cause);
  }
}

/**
 * Removing a folder takes time. The old folder is therefore renamed first, and removed after the new folder is in
 * place.
 */
async function replaceFolder(folder: URL, temporary: URL, aside: URL): Promise<void> {
  const pathname = (url: URL): string => fileURLToPath(url).replace(/[/\\]$/, "");
  const [target, old] = [pathname(folder), pathname(aside)];
  const replaces = await rename(target, old).then(
    () => true,
    (error: unknown) => {
      if (Object(error).code === "ENOENT") return false;
      throw error;
    },
  );
  try {
    await rename(pathname(temporary), target);
  } catch (error) {
    if (replaces) await rename(old, target);
    throw error;
  }
  await syncFolder(new URL("../", `${folder.href.replace(/\/$/, "")}/`));
  if (replaces) await rm(old, { recursive: true, force: true }).catch(() => undefined);
}

export async function syncTree(folder: URL): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const inside = new URL(encodeURIComponent(entry.name), folder);
    if (entry.isDirectory()) await syncTree(new URL(`${inside.href}/`));
    else if (entry.isFile()) await sync(inside, "r+");
  }
  await syncFolder(folder);
}

/**
 * Syncs the list of names in a folder to disk. Does nothing on systems without such a sync (Windows, some network file
 * systems).
 */
export async function syncFolder(folder: URL): Promise<void> {
  await sync(folder, "r").catch((error: unknown) => {
    if (["EIO", "ENOSPC"].includes(Object(error).code)) throw error;
  });
}

async function sync(file: URL, flags: string): Promise<void> {
  const handle = await open(file, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function writeError(target: URL, cause: unknown): unknown {
  if (MlanError.is(cause)) return cause;
  const known = knownProblem(cause);
  const full =
    Object(cause).code === "ENOSPC" ? " The disk is full: free some space, then start the same run again." : "";
  const message =
    known === undefined
      ? `could not be written (${messageOf(cause)}); the previous content is untouched.${full}`
      : `could not be written: ${known} The previous content is untouched.`;
  return new MlanError("unavailable", `${pathOf(target)} ${message}`, { cause });
}
