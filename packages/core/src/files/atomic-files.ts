import { messageOf, pathOf } from "@mlan/errors";
import { randomUUID } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MlanError } from "../errors.ts";
import { makeFolder } from "./make-folder.ts";

/**
 * Matches the names of the temporary files of {@link writeFileAtomically}, which killed processes may leave behind.
 * Earlier versions put the process id into the name.
 */
export const TEMPORARY_FILE: RegExp = /\.(?:\d+|[\da-f]{8}-[\da-f-]{27})\.tmp$/;

/**
 * Replaces a file atomically: writes a temporary file beside it, syncs it to disk and renames it. When this throws (a
 * full disk, no permission), the old content is untouched.
 */
export async function writeFileAtomically(file: URL, content: string | Uint8Array): Promise<void> {
  // The process id would not be enough: one process may write the same file twice at the same time.
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
 * Creates a folder atomically: `write` fills a temporary folder beside it, which is then synced and renamed. Once this
 * returns, the folder survives a power cut. An existing folder is replaced only after `write` has succeeded; when
 * `write` throws, it is untouched. Leftovers of a killed process have names that end in `.tmp`.
 */
export async function writeFolderAtomically(folder: URL, write: (temporary: URL) => Promise<void>): Promise<void> {
  const base = folder.href.replace(/\/$/, "");
  // The process id shows whether the writer is alive; the rest distinguishes several writes of one process.
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

/** Removing takes a while, so the old folder is set aside first and removed once the new one is in place. */
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
 * Syncs the list of names in a folder to disk. Does nothing where the file system does not support it (Windows, some
 * network file systems).
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
  const full =
    Object(cause).code === "ENOSPC" ? " The disk is full: free some space, then start the same run again." : "";
  return new MlanError(
    "unavailable",
    `${pathOf(target)} could not be written (${messageOf(cause)}); the previous content is untouched.${full}`,
    { cause },
  );
}
