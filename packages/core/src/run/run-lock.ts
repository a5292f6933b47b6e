import { pathOf } from "@mlan/errors";
import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { MlanError } from "../errors.ts";
import { fileName } from "../files/file-name.ts";
import { jsonOrUndefined } from "../files/read-json.ts";
import { fileProblem, isMissingFile, unreadableFile } from "../files/file-problem.ts";
import { inTheWay, makeFolder } from "../files/make-folder.ts";

/** The right to write into a run folder. Disposing the lock releases it. */
export interface RunLock extends AsyncDisposable {}

const FILE = "run.lock";
const schema = z.object({
  host: z.string(),
  pid: z.int(),
  /** Start time of the process, in the system's unit. Absent where the system does not report it. */
  processStarted: z.string().exactOptional(),
  /** When the lock was acquired, ISO 8601. Absent in locks of earlier versions. */
  since: z.string().exactOptional(),
  /** Distinguishes two locks of one process. */
  id: z.string(),
});
type Holder = z.output<typeof schema>;

/**
 * Acquires the lock of a run folder, creating the folder if missing. A lock whose process has died is taken over.
 * Throws `in-use` when another process holds it, or may hold it on another machine.
 */
export async function lockRun(folder: URL): Promise<RunLock> {
  const file = new URL(FILE, folder);
  const created = await attempt(folder, () => makeFolder(folder));
  const own = await ownHolder();
  while (!(await create(file, own))) {
    const found = await readHolder(file);
    if (!found) continue; // it was released just now
    if (found.id === own.id) break; // a network file system may repeat the request that made it
    const other = (await isAlive(found)) ? found : await attempt(file, () => takeOver(file, found, own));
    if (other) throw alreadyRunning(folder, file, other);
    if ((await readHolder(file))?.id === own.id) break;
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await readHolder(file).catch(() => undefined))?.id === own.id) await rm(file, { force: true });
      // Removes the folder if this call created it and it is still empty.
      if (created) await rmdir(folder).catch(() => undefined);
    },
  };
}

/** A process that is running in a run folder. A process on another machine may have ended. */
export interface RunningProcess {
  readonly pid: number;
  readonly host: string;
  /** Whether the process runs on this machine. A process on another machine cannot be checked and may have ended. */
  readonly isLocal: boolean;
  /** When it started in the folder, ISO 8601. Absent in locks of earlier versions. */
  readonly since?: string;
  /** The lock file. Its removal releases the folder. */
  readonly lock: URL;
}

/**
 * Returns the process that is running in a run folder; undefined when there is none. Throws `run-folder` when the lock
 * file is not a lock.
 */
export async function runningProcess(folder: URL): Promise<RunningProcess | undefined> {
  const lock = new URL(FILE, folder);
  const holder = await readHolder(lock);
  if (!holder || !(await isAlive(holder))) return undefined;
  const { pid, host, since } = holder;
  return { pid, host, isLocal: host === hostname(), ...(since !== undefined && { since }), lock };
}

async function ownHolder(): Promise<Holder> {
  const processStarted = await startOf(process.pid);
  const since = new Date().toISOString();
  return { host: hostname(), pid: process.pid, since, id: randomUUID(), ...(processStarted && { processStarted }) };
}

/** Creates the file. Returns false if it already exists. A killed process leaves no partial file. */
function create(file: URL, holder: Holder): Promise<boolean> {
  return attempt(file, async () => {
    const temporary = new URL(`${FILE}.${randomUUID()}.tmp`, file);
    try {
      await writeFile(temporary, textOf(holder));
      const failure = await link(temporary, file).then(() => undefined, codeOf);
      if (failure === undefined) return true;
      // ENOENT: another process has acquired the lock, and removed the temporary file as a leftover.
      if (failure === "EEXIST" || failure === "ENOENT") return false;
      return await createWithoutLink(file, holder);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/** Creates the file on file systems without hard links. */
async function createWithoutLink(file: URL, holder: Holder): Promise<boolean> {
  const handle = await open(file, "wx").catch((error: unknown) => {
    if (codeOf(error) === "EEXIST") return undefined;
    throw error;
  });
  if (!handle) return false;
  try {
    await handle.writeFile(textOf(holder));
    return true;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

function textOf(holder: Holder): string {
  return `${JSON.stringify(holder)}\n`;
}

/**
 * Replaces the lock of a dead process. First creates a claim on that lock, then replaces the lock if it is still the
 * same. A claim can be created only once and outlives its lock, so only one process succeeds. The claim of a dead
 * process is claimed in the same way. Returns the holder if another process was faster.
 */
async function takeOver(file: URL, dead: Holder, own: Holder): Promise<Holder | undefined> {
  const claims: URL[] = [];
  for (let last = dead; ;) {
    const claim = new URL(`${FILE}.claim.${fileName(last.id)}.tmp`, file);
    claims.push(claim);
    if (await create(claim, own)) break;
    const first = await readHolder(claim);
    if (!first) return undefined; // it was released just now
    if (await isAlive(first)) return first;
    last = first;
  }
  const replacement = new URL(`${FILE}.${own.id}.tmp`, file);
  try {
    if ((await readHolder(file))?.id !== dead.id) return undefined;
    await writeFile(replacement, textOf(own));
    await rename(replacement, file);
    for (const claim of claims) await rm(claim, { force: true });
  } finally {
    await rm(replacement, { force: true }); // exists when the rename did not happen
    await rm(claims.at(-1) ?? replacement, { force: true });
  }
  return undefined;
}

/** Returns the holder of a lock. Undefined when there is no lock. Throws `run-folder` for a file that is not a lock. */
async function readHolder(file: URL): Promise<Holder | undefined> {
  for (let again = 0; again < 20; again++) {
    const found = await lookAt(file).catch(async (error: unknown) => {
      if (codeOf(error) === "ENOENT" && (await isMissingFile(file, error))) return undefined;
      throw (await inTheWay(new URL("./", file), error)) ?? (await unreadableFile(file, error, "run-folder"));
    });
    if (!found) return undefined;
    const { data } = schema.safeParse(jsonOrUndefined(found.text));
    if (data) return data;
    if (found.text === "" && found.age > ABANDONED_AFTER_MILLISECONDS) return { ...NOBODY, id: `empty-${found.time}` };
    // The holder may still be writing the file.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const message = `${pathOf(file)} is not a run's lock file. When no other run uses this folder, remove that file.`;
  throw new MlanError("run-folder", message);
}

/** An empty lock older than this was left by a killed process. */
const ABANDONED_AFTER_MILLISECONDS = 10_000;
/** The holder of an abandoned lock. No process has this id. */
const NOBODY = { host: "", pid: -1 };

/** Returns the text of a file and the time of its last change. */
async function lookAt(file: URL): Promise<{ readonly text: string; readonly time: number; readonly age: number }> {
  const text = await readFile(file, "utf8");
  const { mtimeMs } = await stat(file);
  return { text, time: Math.round(mtimeMs), age: Date.now() - mtimeMs };
}

/** Whether the holder's process is alive. A process on another machine cannot be checked and counts as alive. */
async function isAlive({ host, pid, processStarted }: Holder): Promise<boolean> {
  if (pid < 1) return false;
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (Object(error).code === "ESRCH") return false;
  }
  // The system reuses the ids of dead processes.
  const started = await startOf(pid);
  return processStarted === undefined || started === undefined || started === processStarted;
}

/**
 * Returns the start time of a process on Linux: field 22 of /proc/<pid>/stat. Fields are counted from the end of the
 * process name, which may contain spaces and parentheses.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

function alreadyRunning(folder: URL, file: URL, { host, pid, since }: Holder): MlanError {
  const here = host === hostname();
  const way = here
    ? "Wait until it has ended, or run in a different folder."
    : `This machine cannot tell whether it still runs. When it no longer does, remove ${pathOf(file)}.`;
  return new MlanError(
    "in-use",
    `process ${pid}${here ? "" : ` on ${host}`} is running in ${pathOf(folder)}${since === undefined ? "" : ` since ${since}`}, and two runs in one folder would mix their results. ${way}`,
  );
}

function codeOf(error: unknown): unknown {
  return Object(error).code;
}

async function attempt<Value>(target: URL, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    throw new MlanError("unavailable", `${pathOf(target)} cannot be written: ${fileProblem(cause)}`, { cause });
  }
}
