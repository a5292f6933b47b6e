import { fileState, makeFolder } from "@mlan/core";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import type { HubFile } from "./hub-cache.ts";

export type HubFileState = "whole" | "absent" | "changed";

/** A file that may be in a cache. */
export interface CachedFile {
  readonly place: URL;
  /**
   * The file that records size, timestamps and inode of the verified file, so that its bytes are not hashed at every
   * start.
   */
  readonly record: URL;
}

/**
 * Compares a file with its entry in the Hub's list of files. Reads its bytes only if its size, timestamps or inode have
 * changed since the bytes were last verified.
 */
export async function stateOf(cached: CachedFile, file: HubFile, signal?: AbortSignal): Promise<HubFileState> {
  const status = await stat(cached.place).catch(() => undefined);
  if (!status?.isFile()) return "absent";
  if (status.size !== file.size) return "changed";
  const state = await recordText(cached.place, file);
  if ((await readRecord(cached)) === state) return "whole";
  if ((await digestOf(cached.place, file, signal)) !== file.etag) return "changed";
  await writeRecord(cached, state);
  return "whole";
}

/** Records that the file's bytes are correct in their current state. */
export async function markWhole(cached: CachedFile, file: HubFile): Promise<void> {
  await writeRecord(cached, await recordText(cached.place, file));
}

/** Removes `part` and throws when its bytes differ from the Hub's list. */
export async function checkContent(file: HubFile, part: URL, signal: AbortSignal | undefined): Promise<void> {
  const found = await digestOf(part, file, signal);
  if (found === file.etag) return;
  await rm(part, { force: true });
  throw new Error(`its checksum is ${found} instead of ${file.etag}`);
}

/** Whether a file of the listed size has the listed bytes. */
export async function hasContent(place: URL, file: HubFile): Promise<boolean> {
  return (await digestOf(place, file, undefined)) === file.etag;
}

async function digestOf(place: URL, { etag, size }: HubFile, signal: AbortSignal | undefined): Promise<string> {
  const hash = etag.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  for await (const chunk of createReadStream(place, { ...(signal && { signal }) })) hash.update(chunk);
  return hash.digest("hex");
}

async function recordText(place: URL, { etag }: HubFile): Promise<string> {
  return `${etag} ${await fileState(place)}`;
}

async function readRecord({ record }: CachedFile): Promise<string | undefined> {
  return records.get(record.href) ?? readFile(record, "utf8").catch(() => undefined);
}

/** Writes the record. If the cache is not writable, keeps the record in this process only. */
async function writeRecord({ record }: CachedFile, text: string): Promise<void> {
  records.set(record.href, text);
  try {
    await makeFolder(new URL("./", record));
    await writeFile(record, text);
  } catch {}
}

const records = new Map<string, string>();
