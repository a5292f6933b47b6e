import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { messageOf, MlanError } from "./errors.ts";
import { pathOf } from "./path-of.ts";

/** The right to write into a run folder; disposing gives it back. */
export interface RunLock extends AsyncDisposable {}

const FILE = "run.lock";
const schema = z.object({
  host: z.string(),
  pid: z.int(),
  /** When the process started, in the system's own unit; absent where the system does not say. */
  processStarted: z.string().exactOptional(),
  /** Tells two locks of one process apart. */
  id: z.string(),
});
type Holder = z.output<typeof schema>;

/**
 * Takes the lock of a run folder, which is made when it is missing. The lock of a process that ended without giving it
 * back is taken over. Throws `run-folder` when another process holds it, or one on another machine may.
 */
export async function lockRun(folder: URL): Promise<RunLock> {
  const file = new URL(FILE, folder);
  const created = await attempt(folder, () => mkdir(folder, { recursive: true }));
  const own = await ownHolder();
  while (!(await create(file, own))) {
    const found = await readHolder(file);
    if (!found) continue; // it was given back just now
    if (await isAlive(found)) throw held(folder, file, found);
    await takeOver(file, found, own);
    if ((await readHolder(file))?.id === own.id) break;
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await readHolder(file).catch(() => undefined))?.id === own.id) await rm(file, { force: true });
      // A folder that was made for nothing but the lock goes again.
      if (created !== undefined) await rmdir(folder).catch(() => undefined);
    },
  };
}

async function ownHolder(): Promise<Holder> {
  const processStarted = await startOf(process.pid);
  return { host: hostname(), pid: process.pid, id: randomUUID(), ...(processStarted && { processStarted }) };
}

/** Whether the file was not there and is now ours: exclusive on every file system that Node runs on. */
function create(file: URL, holder: Holder): Promise<boolean> {
  return attempt(file, async () => {
    const handle = await open(file, "wx").catch((error: unknown) => {
      if (Object(error).code === "EEXIST") return undefined;
      throw error;
    });
    if (!handle) return false;
    try {
      await handle.writeFile(`${JSON.stringify(holder)}\n`).finally(() => handle.close());
      return true;
    } catch (error) {
      // Half a lock, as on a full disk, would keep every later run out.
      await rm(file, { force: true });
      throw error;
    }
  });
}

/** Replaces a dead holder's lock. Whoever holds the second lock, and finds the first as it was, may do so: one process. */
async function takeOver(file: URL, dead: Holder, own: Holder): Promise<void> {
  const second = new URL(`${FILE}.take-over`, file);
  if (!(await create(second, own))) {
    const taker = await readHolder(second);
    if (taker && !(await isAlive(taker))) await rm(second, { force: true });
    return;
  }
  const replacement = new URL(`${FILE}.${own.id}.tmp`, file);
  try {
    if ((await readHolder(file))?.id !== dead.id) return;
    await writeFile(replacement, `${JSON.stringify(own)}\n`);
    await rename(replacement, file);
  } finally {
    await rm(replacement, { force: true }); // there when it could not be written
    await rm(second, { force: true });
  }
}

/** Undefined when there is no lock. Throws `run-folder` for a file that is no lock. */
async function readHolder(file: URL): Promise<Holder | undefined> {
  for (let again = 0; again < 20; again++) {
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      if (Object(error).code === "ENOENT") return undefined;
      throw new MlanError("run-folder", `${pathOf(file)} cannot be read: ${messageOf(error)}`, { cause: error });
    });
    if (text === undefined) return undefined;
    const { data } = schema.safeParse(parsed(text));
    if (data) return data;
    // Its holder may be about to write it.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const message = `${pathOf(file)} is not what a run writes there. When no other run uses this folder, remove that file.`;
  throw new MlanError("run-folder", message);
}

/** A process of another machine counts as alive: nobody here can tell. */
async function isAlive({ host, pid, processStarted }: Holder): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (Object(error).code === "ESRCH") return false;
  }
  // The number of a dead process is given to a new one sooner or later.
  const started = await startOf(pid);
  return processStarted === undefined || started === undefined || started === processStarted;
}

/** The 22nd field of Linux's /proc/<pid>/stat, counted behind the name, which may hold spaces and parentheses. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

function held(folder: URL, file: URL, { host, pid }: Holder): MlanError {
  const here = host === hostname();
  const way = here
    ? "Wait until it has ended, or run into another folder."
    : `When that process no longer runs, remove ${pathOf(file)}.`;
  return new MlanError(
    "run-folder",
    `process ${pid}${here ? "" : ` on ${host}`} is running in ${pathOf(folder)}, and two runs in one folder would mix their results. ${way}`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function attempt<Value>(target: URL, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    throw new MlanError("unavailable", `${pathOf(target)} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
