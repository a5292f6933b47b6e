import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MlanError, messageOf } from "./errors.ts";
import { pathOf } from "./path-of.ts";

/**
 * Replaces a file in one step: written beside it, synced to disk, renamed. When it throws (a full disk, no
 * permission), the file holds what it held before.
 */
export async function writeFileAtomically(file: URL, content: string | Uint8Array): Promise<void> {
  // Not the process id alone: one process may write the same file twice at the same time.
  const temporary = new URL(`${file.href}.${randomUUID()}.tmp`);
  try {
    await mkdir(new URL("./", file), { recursive: true });
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(file, cause);
  }
}

/**
 * Makes a folder in one step: `write` fills a temporary one beside it, which is synced and renamed. A folder that was
 * there before is replaced only after `write` has succeeded; when `write` throws, it stays as it was.
 */
export async function writeFolderAtomically(folder: URL, write: (temporary: URL) => Promise<void>): Promise<void> {
  const path = fileURLToPath(folder).replace(/[/\\]$/, "");
  const temporary = new URL(`${folder.href.replace(/\/$/, "")}.${process.pid}.tmp/`);
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await write(temporary);
    await syncTree(temporary);
    await rm(path, { recursive: true, force: true });
    await rename(fileURLToPath(temporary).replace(/[/\\]$/, ""), path);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw writeError(folder, cause);
  }
}

async function syncTree(folder: URL): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      await syncTree(new URL(`${encodeURIComponent(entry.name)}/`, folder));
      continue;
    }
    const handle = await open(new URL(encodeURIComponent(entry.name), folder), "r+");
    await handle.sync();
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
