import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CHECKSUMS_FILE } from "./checksums.ts";
import { unreadable } from "./unreadable.ts";

/**
 * SHA-256 of a checkpoint's list of checksums, which names all of its bytes; undefined when it has none. Throws
 * `unavailable` when the list cannot be read.
 */
export async function checkpointDigest(folder: URL): Promise<string | undefined> {
  const file = new URL(CHECKSUMS_FILE, folder);
  const list = await readFile(file).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(Object(error).code)) return undefined;
    throw unreadable(file, error);
  });
  return list && createHash("sha256").update(list).digest("hex");
}
