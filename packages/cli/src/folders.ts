import { readdir, rm } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf, MlanError, readRun } from "@mlan/core";

/** The folder that a command line names, relative to where the command was typed. Ends in a slash. */
export function folderAt(path: string): URL {
  return pathToFileURL(`${resolve(path)}/`);
}

/** A folder as a user would type it. */
export function displayPath(folder: URL): string {
  const path = fileURLToPath(folder).replace(/[/\\]$/, "");
  const nearby = relative(process.cwd(), path);
  return nearby === "" || nearby.startsWith("..") ? path : nearby;
}

/** Removes a run folder; one that is not there or empty is fine. Throws `run-folder` rather than remove anything else. */
export async function removeRun(folder: URL): Promise<void> {
  if (await isMissingOrEmpty(folder)) return;
  await readRun(folder);
  await rm(folder, { recursive: true });
}

async function isMissingOrEmpty(folder: URL): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (cause) {
    if (Object(cause).code === "ENOENT") return true;
    throw new MlanError("unavailable", `${fileURLToPath(folder)} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
