import { readdir, rename, rm, stat } from "node:fs/promises";
import { CHECKSUMS_FILE, messageOf, MlanError, pathOf } from "@mlan/core";

/** Contains the position of the run and everything that the run depends on. */
export const STATE_FILE = "trainer-state.json";

export interface CheckpointFolder {
  readonly step: number;
  /** Ends in a slash. */
  readonly url: URL;
}

export function checkpointFolder(folder: URL, step: number): CheckpointFolder {
  return { step, url: new URL(`step-${String(step).padStart(6, "0")}/`, folder) };
}

/** Returns the checkpoints in `folder`, newest first. Throws `unavailable` when it cannot be read. */
export async function checkpointFolders(folder: URL): Promise<readonly CheckpointFolder[]> {
  const found: CheckpointFolder[] = [];
  for (const name of await namesIn(folder)) {
    const step = /^step-(\d+)$/.exec(name)?.[1];
    if (step === undefined) continue;
    const url = new URL(`${name}/`, folder);
    // An earlier version that was killed while removing a folder may have removed only the state file.
    const isOne = (await exists(new URL(STATE_FILE, url))) || (await exists(new URL(CHECKSUMS_FILE, url)));
    if (isOne) found.push({ step: Number(step), url });
  }
  return found.toSorted((left, right) => right.step - left.step);
}

/**
 * Removes a checkpoint that is no longer needed. The folder is renamed first, so that a process killed during the
 * removal leaves nothing that looks like a checkpoint. Errors are ignored.
 */
export async function removeCheckpoint({ url }: CheckpointFolder): Promise<void> {
  const aside = new URL(`${url.href.replace(/\/$/, "")}.old.tmp/`);
  try {
    await rename(url, aside);
    await rm(aside, { recursive: true, force: true });
  } catch {
    // The next checkpoint tries again. If the disk is then full, writing the checkpoint throws.
  }
}

/** Removes folders that a killed process was writing or removing. Throws `unavailable`. */
export async function removeUnfinished(folder: URL): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (!/^step-\d+\..*tmp$/.test(name)) continue;
    const url = new URL(encodeURIComponent(name), folder);
    await rm(url, { recursive: true, force: true }).catch((error: unknown) => {
      throw unavailable(url, "cannot be removed", error);
    });
  }
}

async function namesIn(folder: URL): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (Object(error).code === "ENOENT") return [];
    throw unavailable(folder, "cannot be read", error);
  }
}

/**
 * Returns whether a file exists. Throws `unavailable` when access is denied: if the file counted as missing, training
 * would start over.
 */
async function exists(file: URL): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(Object(error).code)) return false;
    throw unavailable(file, "cannot be read", error);
  }
}

function unavailable(url: URL, what: string, cause: unknown): MlanError {
  return new MlanError("unavailable", `trainer: ${pathOf(url)} ${what}: ${messageOf(cause)}`, { cause });
}
