import { messageOf, pathOf } from "@mlan/errors";
import { lstat, readFile } from "node:fs/promises";
import { MlanError } from "../errors.ts";

const FOLDER = "it is a folder, where a file is needed. Move it away.";
const DENIED = "permission denied. Change the permissions of the file or of its folder.";
const KNOWN: ReadonlyMap<unknown, string> = new Map([
  ["EISDIR", FOLDER],
  ["ERR_FS_EISDIR", FOLDER],
  ["EACCES", DENIED],
  ["EPERM", DENIED],
  ["ELOOP", "it is a link that leads back to itself. Replace it with the file."],
]);

/**
 * Returns the reason why a file could not be used, to be appended to an error message. A common cause is explained and
 * comes with a remedy. For any other cause, returns the system's own message.
 */
export function fileProblem(cause: unknown): string {
  return knownProblem(cause) ?? messageOf(cause);
}

/** Returns a common cause in words, with the remedy, as whole sentences; undefined for any other cause. */
export function knownProblem(cause: unknown): string | undefined {
  return KNOWN.get(Object(cause).code);
}

type Code = "unavailable" | "run-folder";

/** Returns the error for a file that cannot be read, with the reason. */
export async function unreadableFile(file: URL, cause: unknown, code: Code = "unavailable"): Promise<MlanError> {
  const reason =
    Object(cause).code === "ENOENT" && (await isLink(file))
      ? "it is a link to a file that does not exist. Restore that file, or remove the link."
      : fileProblem(cause);
  return new MlanError(code, `${pathOf(file)} cannot be read: ${reason}`, { cause });
}

/**
 * Whether the file system's error means that there is no file. A link whose target is missing is not a missing file.
 */
export async function isMissingFile(file: URL, cause: unknown): Promise<boolean> {
  return ["ENOENT", "ENOTDIR"].includes(Object(cause).code) && !(await isLink(file));
}

/**
 * Returns the bytes of a file; undefined when it does not exist. Throws an error with the given code, the reason and
 * the remedy, when it cannot be read: when it is a folder or a link whose target is missing, or permission is denied.
 */
export async function readFileIfThere(file: URL, code: Code = "unavailable"): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (await isMissingFile(file, error)) return undefined;
    throw await unreadableFile(file, error, code);
  }
}

function isLink(file: URL): Promise<boolean> {
  return lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}
