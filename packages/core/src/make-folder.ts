import { mkdir, stat } from "node:fs/promises";
import { MlanError } from "./errors.ts";
import { pathOf } from "./path-of.ts";

/**
 * Makes a folder and those above it that are missing; returns whether it was missing. Node's recursive `mkdir` never ends
 * on file systems that take no new folders and answer that the parent is missing, such as /proc: there this throws
 * `unavailable`. Else rejects with the file system's error, since only the caller knows what the folder is for.
 */
export async function makeFolder(folder: URL): Promise<boolean> {
  const place = folder.pathname.endsWith("/") ? folder : new URL(`${folder.pathname}/`, folder);
  const first = await attemptToMake(place);
  if (first !== "parent-missing") return first === "made";
  const parent = new URL("../", place);
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
    throw error;
  }
}

function isFolder(place: URL): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
