import { lstat, mkdir, stat } from "node:fs/promises";
import { MlanError } from "./errors.ts";
import { pathOf } from "./path-of.ts";

/**
 * Makes a folder and those above it that are missing; returns whether it was missing. Node's recursive `mkdir` never ends
 * on file systems that take no new folders and answer that the parent is missing, such as /proc: there this throws
 * `unavailable`, as where a file is in the place of one of the folders, or where a drive or a network share is missing.
 * Else rejects with the file system's error, since only the caller knows what the folder is for.
 */
export async function makeFolder(folder: URL): Promise<boolean> {
  const place = folder.pathname.endsWith("/") ? folder : new URL(`${folder.pathname}/`, folder);
  const first = await attemptToMake(place);
  if (first !== "parent-missing") return first === "made";
  const parent = new URL("../", place);
  // A drive (file:///Z:/) or the root of a host is its own parent.
  if (parent.href === place.href) {
    const missing = `${pathOf(folder)} cannot be made: there is no such drive or network share. Choose another place.`;
    throw new MlanError("unavailable", missing);
  }
  await makeFolder(parent);
  const second = await attemptToMake(place);
  if (second !== "parent-missing") return second === "made";
  const message = `${pathOf(place)} cannot be made: ${pathOf(parent)} takes no new folders. Choose another place.`;
  throw new MlanError("unavailable", message);
}

async function attemptToMake(place: URL): Promise<"made" | "there" | "parent-missing"> {
  try {
    await mkdir(place);
    return "made";
  } catch (error) {
    if (Object(error).code === "ENOENT") return "parent-missing";
    // A folder that is there is answered by EEXIST, by others where nothing may be made (EROFS, EACCES, EISDIR, EPERM).
    if (await isFolder(place)) return "there";
    throw (await inTheWay(place, error)) ?? error;
  }
}

/** Names the file, or the link to nothing, where the folder or one above it should be; undefined when there is none. */
async function inTheWay(place: URL, cause: unknown): Promise<MlanError | undefined> {
  if (!["EEXIST", "ENOTDIR"].includes(Object(cause).code)) return undefined;
  // With a slash at its end, the path of a file is no file's.
  const path = new URL(place.href.replace(/\/$/, ""));
  const found = await lstat(path).catch(() => undefined);
  const above = new URL("./", path);
  if (!found) return above.href === place.href ? undefined : inTheWay(above, cause);
  if (await isFolder(path)) return undefined;
  const kind = found.isSymbolicLink() ? "a link that leads to no folder" : "a file";
  const message = `${pathOf(path)} is ${kind}, where a folder is needed. Move it away, or choose another place.`;
  return new MlanError("unavailable", message, { cause });
}

function isFolder(place: URL): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
