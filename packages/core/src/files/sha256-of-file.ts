import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** Large enough that the cost per read is negligible, small enough for the processor's cache. */
const BLOCK_BYTES = 1 << 20;

/**
 * Returns the SHA-256 of a file as 64 hexadecimal digits. Reads one block while hashing the previous block. Rejects
 * with the file system's error, so that the caller can say what the file is for, or with the reason of `signal`.
 */
export async function sha256OfFile(file: URL, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  const hash = createHash("sha256");
  await using handle = await open(file);
  let [block, other] = [Buffer.allocUnsafe(BLOCK_BYTES), Buffer.allocUnsafe(BLOCK_BYTES)];
  let { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, null);
  while (bytesRead > 0) {
    signal?.throwIfAborted();
    const next = handle.read(other, 0, BLOCK_BYTES, null);
    hash.update(block.subarray(0, bytesRead));
    ({ bytesRead } = await next);
    [block, other] = [other, block];
  }
  return hash.digest("hex");
}
