import { createHash, randomUUID } from "node:crypto";
import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";

/** Matches the names of the files that {@link claimPart} returns. Python names its partial downloads differently. */
export const PART_FILE: RegExp = /^[\da-f]+\.[\da-f]{8}-\d+-[\da-f]{8}\.incomplete$/;

/**
 * Returns a partial file for a download, `<blob>.<owner>.incomplete` next to the blob, to which only this process
 * writes. A partial file of a dead process is renamed and continued. The name contains the owner, so only one of
 * several processes can rename it.
 */
export async function claimPart(blob: URL): Promise<URL> {
  const own = partOf(blob, OWNER);
  const free = (await partsOf(blob)).filter(isFree).toSorted((one, other) => other.size - one.size);
  let claimed = false;
  for (const { owner } of free) {
    if (claimed) await rm(partOf(blob, owner), { force: true });
    else claimed = await takeOver(partOf(blob, owner), own);
  }
  return own;
}

/**
 * Returns the partial file of another process that is downloading the blob. The process is alive and has changed the
 * file in the last `silence` milliseconds. Undefined when there is none.
 */
export async function partInProgress(blob: URL, silence: number): Promise<URL | undefined> {
  const parts = await partsOf(blob);
  const other = parts.find((part) => !isFree(part) && part.mtimeMs > Date.now() - silence);
  return other && partOf(blob, other.owner);
}

/** Returns how many bytes of the blob have been downloaded, by any process. */
export async function bytesKept(blob: URL): Promise<number> {
  return Math.max(0, ...(await partsOf(blob)).map(({ size }) => size));
}

/** Returns the size in bytes. 0 when there is no such file. */
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
/** Identifies this thread, because threads share the process id. */
const THREAD = randomUUID().slice(0, 8);
const OWNER = `${HOST}-${process.pid}-${THREAD}`;

/** Maximum time between two changes of the partial file of a running download, in milliseconds. */
const SILENCE = 600_000;

function partOf(blob: URL, owner: string): URL {
  return new URL(`${blob.href}.${owner}.incomplete`);
}

async function partsOf(blob: URL): Promise<readonly Part[]> {
  const prefix = `${blob.pathname.slice(blob.pathname.lastIndexOf("/") + 1)}.`;
  const names = (await readdir(new URL("./", blob)).catch(() => [])).filter(
    (name) => name.startsWith(prefix) && PART_FILE.test(name),
  );
  const owners = names.map((name) => name.slice(prefix.length, -".incomplete".length));
  return Promise.all(owners.map(async (owner) => ({ owner, ...(await statusOf(partOf(blob, owner))) })));
}

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

/** Renames a partial file. Updates its time first, so that no other process treats the renamed file as abandoned. */
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

async function statusOf(file: URL): Promise<{ readonly size: number; readonly mtimeMs: number }> {
  return stat(file).catch(() => ({ size: 0, mtimeMs: Date.now() }));
}
