import { createHash, randomUUID } from "node:crypto";
import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import type { HubFile } from "./hub-cache.ts";

/** Matches the names of the files that {@link claimPart} returns. */
export const PART_FILE: RegExp = /\.[\da-f]+\.[\da-f]{8}-\d+-[\da-f]{8}\.part$/;

/**
 * A file for the bytes of a download, `<file>.<content>.<owner>.part` beside `target`, which only this process writes
 * to. A file of the same content left by a dead process is taken over, so that its bytes need not be fetched again. The
 * owner is part of the name and taking over is a rename, so only one of several processes can succeed.
 */
export async function claimPart(target: URL, file: HubFile): Promise<URL> {
  const name = decodeURIComponent(target.pathname.slice(target.pathname.lastIndexOf("/") + 1));
  const prefix = `${name}.${contentOf(file)}.`;
  const place = (owner: string): URL => new URL(encodeURIComponent(`${prefix}${owner}.part`), target);
  const own = place(OWNER);
  const left = (await readdir(new URL("./", target)))
    .filter((entry) => entry.startsWith(prefix) && entry.endsWith(".part"))
    .map((entry) => entry.slice(prefix.length, -".part".length));
  const parts = await Promise.all(left.map(async (owner) => ({ owner, ...(await statusOf(place(owner))) })));
  const free = parts.filter(isFree).toSorted((one, other) => other.size - one.size);
  let claimed = false;
  for (const { owner } of free) {
    if (claimed) await rm(place(owner), { force: true });
    else claimed = await takeOver(place(owner), own);
  }
  return own;
}

/** Size in bytes; 0 when there is no such file. */
export async function sizeOf(file: URL): Promise<number> {
  return (await statusOf(file)).size;
}

interface Part {
  readonly owner: string;
  readonly size: number;
  /** Time of the last change, in milliseconds since 1970. */
  readonly mtimeMs: number;
}

const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** Identifies this thread, since threads share the process id. */
const THREAD = randomUUID().slice(0, 8);
const OWNER = `${HOST}-${process.pid}-${THREAD}`;

/** Milliseconds. A running download changes its part at least this often. */
const SILENCE = 600_000;

function isFree({ owner, mtimeMs }: Part): boolean {
  const [host, pid, thread] = owner.split("-");
  if (mtimeMs < Date.now() - SILENCE || thread === THREAD) return true;
  if (host !== HOST) return false;
  // A restarted container gives its process the same id.
  if (Number(pid) === process.pid) return mtimeMs < Date.now() - process.uptime() * 1000;
  return !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return Object(cause).code !== "ESRCH";
  }
}

/** Touches the file first, so that no other process considers it abandoned under its new name. */
async function takeOver(from: URL, to: URL): Promise<boolean> {
  try {
    const now = new Date();
    await utimes(from, now, now);
    await rename(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Identifies the bytes that the file will have. */
function contentOf({ sha256, oid, size }: HubFile): string {
  return (sha256 ?? oid ?? String(size)).slice(0, 16);
}

async function statusOf(file: URL): Promise<{ readonly size: number; readonly mtimeMs: number }> {
  return stat(file).catch(() => ({ size: 0, mtimeMs: Date.now() }));
}
