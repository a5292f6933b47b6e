import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import type { HubFile } from "./hub-cache.ts";

/** Whether the file is there. Only checked content gets its name, so its size is proof enough. */
export async function isWhole(target: URL, file: HubFile): Promise<boolean> {
  return stat(target).then(
    ({ size }) => size === file.size,
    () => false,
  );
}

/** Throws, and removes `part`, when its bytes are not the file's. */
export async function checkContent(file: HubFile, part: URL): Promise<void> {
  const expected = file.sha256 ?? file.oid;
  if (expected === undefined) return;
  const hash = file.sha256 ? createHash("sha256") : createHash("sha1").update(`blob ${file.size}\0`);
  for await (const chunk of createReadStream(part)) hash.update(chunk);
  const found = hash.digest("hex");
  if (found === expected) return;
  await rm(part, { force: true });
  throw new Error(`its checksum is ${found} instead of ${expected}`);
}
