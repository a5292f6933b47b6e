import { CHECKSUMS_FILE } from "./checksums.ts";
import { readDigest } from "./read-digest.ts";

/**
 * SHA-256 of a checkpoint's list of checksums, which names all of its bytes; undefined when it has none. Throws
 * `unavailable` when the list cannot be read.
 */
export function checkpointDigest(folder: URL): Promise<string | undefined> {
  return readDigest(new URL(CHECKSUMS_FILE, folder));
}
