import { isMissingFile, unreadableFile } from "./file-problem.ts";
import { sha256OfFile } from "./sha256-of-file.ts";

/**
 * Returns the SHA-256 of a file. Undefined when the file does not exist. Throws `unavailable` when it cannot be read.
 */
export async function readDigest(file: URL): Promise<string | undefined> {
  try {
    return await sha256OfFile(file);
  } catch (error) {
    if (await isMissingFile(file, error)) return undefined;
    throw await unreadableFile(file, error);
  }
}
