import { messageOf, pathOf } from "@mlan/errors";
import { MlanError } from "../errors.ts";
import { sha256OfFile } from "./sha256-of-file.ts";

/**
 * Returns the SHA-256 of a file. Undefined when the file does not exist. Throws `unavailable` when it cannot be read.
 */
export async function readDigest(file: URL): Promise<string | undefined> {
  try {
    return await sha256OfFile(file);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(Object(error).code)) return undefined;
    throw unreadable(file, error);
  }
}

/** Returns the `unavailable` error for a file that cannot be read, with the reason. */
export function unreadable(file: URL, cause: unknown): MlanError {
  return new MlanError("unavailable", `${pathOf(file)} cannot be read: ${messageOf(cause)}`, { cause });
}
