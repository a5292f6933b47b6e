import { pathOf } from "@mlan/errors";
import { lstat, mkdir, stat } from "node:fs/promises";
import { asFolder } from "../contracts/location.ts";
import { MlanError } from "../errors.ts";

/**
 * Creates a folder and its missing parents. Returns whether the folder was missing. Throws `unavailable` when a file
 * has the path of one of the folders, when a drive or network share is missing, and on a file system that allows no new
 * folders, such as /proc, where Node's recursive `mkdir` never ends. Any other error of the file system is thrown
 * unchanged, so that the caller can say what the folder is for.
 */
export async function makeFolder(folder: URL): Promise<boolean> {
  const place = asFolder(folder);
  const first = await attemptToMake(place);
  if (first !== "parent-missing") return first === "made";
  const parent = new URL("../", place);
  // A drive (file:///Z:/) or the root of a host is its own parent.
  if (parent.href === place.href) {
    const missing = `${pathOf(folder)} cannot be created: there is no such drive or network share. Check the path.`;
    throw new MlanError("unavailable", missing);
  }
  await makeFolder(parent);
  const second = await attemptToMake(place);
  if (second !== "parent-missing") return second === "made";
  const message = `${pathOf(place)} cannot be created: ${pathOf(parent)} allows no new folders. Check the path.`;
  throw new MlanError("unavailable", message);
}

async function attemptToMake(place: URL): Promise<"made" | "there" | "parent-missing"> {
  try {
    await mkdir(place);
    return "made";
  } catch (error) {
    if (Object(error).code === "ENOENT") return "parent-missing";
    // The code is EEXIST for an existing folder, or EROFS, EACCES, EISDIR or EPERM in a folder that allows no new
    // entries.
    if (await isFolder(place)) return "there";
    throw (await inTheWay(place, error)) ?? error;
  }
}

/**
 * Returns the error to throw if a file or broken link exists where the folder or one of its parents should be, otherwise
 * undefined.
 */
export async function inTheWay(place: URL, cause: unknown): Promise<MlanError | undefined> {
  if (!["EEXIST", "ENOTDIR"].includes(Object(cause).code)) return undefined;
  // A path that ends in a slash never refers to a file.
  const path = new URL(place.href.replace(/\/$/, ""));
  const found = await lstat(path).catch(() => undefined);
  const above = new URL("./", path);
  if (!found) return above.href === place.href ? undefined : inTheWay(above, cause);
  if (await isFolder(path)) return undefined;
  const kind = found.isSymbolicLink() ? "a link that does not point to a folder" : "a file";
  const message = `${pathOf(path)} is ${kind}, where a folder is needed. Move it away.`;
  return new MlanError("unavailable", message, { cause });
}

function isFolder(place: URL): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
