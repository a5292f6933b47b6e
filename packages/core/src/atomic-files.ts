import { randomUUID } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MlanError, messageOf } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";
import { pathOf } from "./path-of.ts";

/**
 * The names of the files that {@link writeFileAtomically} renames at the end: those left belong to killed processes.
 * Earlier versions had the process id in them.
 */
export const TEMPORARY_FILE: RegExp = /\.(?:\d+|[\da-f]{8}-[\da-f-]{27})\.tmp$/;

/**
 * Replaces a file in one step: written beside it, synced to disk, renamed. When it throws (a full disk, no
 * permission), the file holds what it held before.
 */
export async function writeFileAtomically(file: URL, content: string | Uint8Array): Promise<void> {
  // Not the process id alone: one process may write the same file twice at the same time.
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
 * Makes a folder in one step: `write` fills a temporary one beside it, which is synced and renamed; once this returns,
 * the folder outlives a power cut. A folder that was there before is replaced only after `write` has succeeded; when
 * `write` throws, it stays as it was. What a killed process leaves beside the folder has a name that ends in `.tmp`.
 */
export async function writeFolderAtomically(folder: URL, write: (temporary: URL) => Promise<void>): Promise<void> {
  const base = folder.href.replace(/\/$/, "");
  // The process id says whether its writer lives; the rest keeps two writes of one process apart.
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

/** Removing takes a while: what was there before is set aside first and removed when the new folder is in its place. */
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

async function syncTree(folder: URL): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const inside = new URL(encodeURIComponent(entry.name), folder);
    if (entry.isDirectory()) await syncTree(new URL(`${inside.href}/`));
    else if (entry.isFile()) await sync(inside, "r+");
  }
  await syncFolder(folder);
}

/** So that the names in it outlive a power cut; where a file system cannot do that (Windows, some networks), this is skipped. */
async function syncFolder(folder: URL): Promise<void> {
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

function writeError(target: URL, cause: unknown): unknown {
  if (MlanError.is(cause)) return cause;
  const full =
    Object(cause).code === "ENOSPC" ? " The disk is full: free some space, then start the same run again." : "";
  return new MlanError(
    "unavailable",
    `${pathOf(target)} could not be written (${messageOf(cause)}); what was there before is untouched.${full}`,
    { cause },
  );
}
