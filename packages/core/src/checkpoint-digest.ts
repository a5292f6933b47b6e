import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CHECKSUMS_FILE } from "./checksums.ts";

/** SHA-256 of a checkpoint's list of checksums, which names all of its bytes; undefined when it has none. */
export async function checkpointDigest(folder: URL): Promise<string | undefined> {
  const list = await readFile(new URL(CHECKSUMS_FILE, folder)).catch(() => undefined);
  return list && createHash("sha256").update(list).digest("hex");
}
