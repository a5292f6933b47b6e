import { homedir } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { toFolderUrl } from "@mlan/core";

/** The folder that a command line names, relative to where the command was typed. Ends in a slash. */
export function folderAt(path: string): URL {
  return toFolderUrl(pathAt(path));
}

/** A path that a command line names. Shells leave the `~` of `--folder=~/runs` and `boolq=~/data` as it is. */
export function pathAt(path: string): string {
  return /^~(?=$|[/\\])/.test(path) ? `${homedir()}${path.slice(1)}` : path;
}

/** A folder as a user would type it. */
export function displayPath(folder: URL): string {
  return nearbyPath(fileURLToPath(folder).replace(/[/\\]$/, ""));
}

/** A path below the working folder, from there; any other as it is. */
export function nearbyPath(path: string): string {
  const nearby = relative(process.cwd(), path);
  return nearby === "" || nearby.startsWith("..") ? path : nearby;
}
