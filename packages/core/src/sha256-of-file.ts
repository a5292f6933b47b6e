import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/**
 * SHA-256 of a file's bytes as 64 hexadecimal digits; the file is streamed. Rejects with the file system's error, since
 * only the caller knows what the file is for.
 */
export async function sha256OfFile(file: URL, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const options = { highWaterMark: 1 << 20, ...(signal && { signal }) };
  for await (const chunk of createReadStream(file, options)) hash.update(chunk);
  return hash.digest("hex");
}
