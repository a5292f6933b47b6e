import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MlanError, pathOf, toFolderUrl } from "@mlan/core";
import { editDistance } from "./edit-distance.ts";

/**
 * Returns the URL of a folder in a command line, with a slash at its end. Relative paths start at the folder in which
 * the command was typed.
 */
export function folderAt(path: string): URL {
  return toFolderUrl(pathAt(path));
}

/** Like {@link folderAt}, for a run folder. Throws `run-folder`, with a suggestion, when it does not exist. */
export async function runFolderAt(path: string): Promise<URL> {
  const folder = folderAt(path);
  const isMissing = await stat(folder).then(
    () => false,
    (error: unknown) => Object(error).code === "ENOENT",
  );
  if (!isMissing) return folder;
  const parent = dirname(resolve(pathAt(path)));
  const beside = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const wanted = basename(resolve(pathAt(path)));
  const near = beside.find((entry) => entry.isDirectory() && editDistance(entry.name, wanted) <= 2);
  const hint = near ? ` Did you mean ${nearbyPath(join(parent, near.name))}?` : " Give the path of a run folder.";
  throw new MlanError("run-folder", `${pathOf(folder)} does not exist.${hint}`);
}

/** Expands a leading `~` of a path. Shells do not expand it in `--folder=~/runs` and `boolq=~/data`. */
export function pathAt(path: string): string {
  return /^~(?=$|[/\\])/.test(path) ? `${homedir()}${path.slice(1)}` : path;
}

/** Returns the path of a folder as a user would type it. */
export function displayPath(folder: URL): string {
  return nearbyPath(fileURLToPath(folder).replace(/[/\\]$/, ""));
}

/** Returns a path below the working folder as a relative path, and any other path unchanged. */
export function nearbyPath(path: string): string {
  const nearby = relative(process.cwd(), path);
  return nearby === "" || nearby.startsWith("..") ? path : nearby;
}
