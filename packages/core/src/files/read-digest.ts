import { sha256OfFile } from "./sha256-of-file.ts";
import { unreadable } from "./unreadable.ts";

/** SHA-256 of a file; undefined when it does not exist. Throws `unavailable` when it cannot be read. */
export async function readDigest(file: URL): Promise<string | undefined> {
  try {
    return await sha256OfFile(file);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(Object(error).code)) return undefined;
    throw unreadable(file, error);
  }
}
