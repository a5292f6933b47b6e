import { CHECKSUMS_FILE } from "../files/checksums.ts";
import { readDigest } from "../files/read-digest.ts";

/**
 * SHA-256 of a checkpoint's list of checksums, and so a digest of all its bytes; undefined when it has no list. Throws
 * `unavailable` when the list cannot be read.
 */
export function checkpointDigest(folder: URL): Promise<string | undefined> {
  return readDigest(new URL(CHECKSUMS_FILE, folder));
}
