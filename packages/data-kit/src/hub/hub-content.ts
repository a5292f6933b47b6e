import { makeFolder } from "@mlan/core";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { stateIn } from "../files/file-state.ts";
import type { HubFile } from "./hub-cache.ts";

export type HubFileState = "whole" | "absent" | "changed";

/** A file that may be in a cache. */
export interface CachedFile {
  readonly place: URL;
  /** Records in which state the file was verified, so that it is not read at every start. */
  readonly record: URL;
}

/**
 * Whether a file holds what the Hub lists, by its bytes. They are read again only when its size, times or inode have
 * changed since they were verified.
 */
export async function stateOf(cached: CachedFile, file: HubFile): Promise<HubFileState> {
  const state = await stateNow(cached.place, file);
  if (state === undefined) return "absent";
  if (state.size !== file.size) return "changed";
  if (digestIn(file) === undefined || (await readRecord(cached)) === state.text) return "whole";
  if ((await digestOf(cached.place, file)) !== digestIn(file)) return "changed";
  await writeRecord(cached, state.text);
  return "whole";
}

/** Records that the file's bytes are correct in their current state. */
export async function markWhole(cached: CachedFile, file: HubFile): Promise<void> {
  const state = await stateNow(cached.place, file);
  if (state) await writeRecord(cached, state.text);
}

/** Removes `part` and throws when its bytes are not the file's. */
export async function checkContent(file: HubFile, part: URL): Promise<void> {
  const expected = digestIn(file);
  if (expected === undefined) return;
  const found = await digestOf(part, file);
  if (found === expected) return;
  await rm(part, { force: true });
  throw new Error(`its checksum is ${found} instead of ${expected}`);
}

function digestIn({ sha256, oid }: HubFile): string | undefined {
  return sha256 ?? oid;
}

async function digestOf(place: URL, file: HubFile): Promise<string> {
  const hash = file.sha256 ? createHash("sha256") : createHash("sha1").update(`blob ${file.size}\0`);
  for await (const chunk of createReadStream(place)) hash.update(chunk);
  return hash.digest("hex");
}

async function stateNow(
  place: URL,
  file: HubFile,
): Promise<{ readonly size: number; readonly text: string } | undefined> {
  const status = await stat(place, { bigint: true }).catch(() => undefined);
  if (!status?.isFile()) return undefined;
  return { size: Number(status.size), text: [digestIn(file), place.href, stateIn(status)].join(" ") };
}

async function readRecord({ record }: CachedFile): Promise<string | undefined> {
  return records.get(record.href) ?? readFile(record, "utf8").catch(() => undefined);
}

/** When the cache is not writable, only this process remembers. */
async function writeRecord({ record }: CachedFile, text: string): Promise<void> {
  records.set(record.href, text);
  try {
    await makeFolder(new URL("./", record));
    await writeFile(record, text);
  } catch {}
}

const records = new Map<string, string>();
