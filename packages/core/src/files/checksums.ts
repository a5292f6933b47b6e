import { pathOf } from "@mlan/errors";
import { readdir, readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { writeFileAtomically } from "./atomic-files.ts";
import { MlanError } from "../errors.ts";
import { readFileIfThere, unreadableFile } from "./file-problem.ts";
import { jsonOrUndefined } from "./read-json.ts";
import { sha256OfFile } from "./sha256-of-file.ts";
import { readDigest } from "./read-digest.ts";

export const CHECKSUMS_FILE = "checksums.json";
const schema = z.strictObject({
  formatVersion: z.literal(1),
  /** Hexadecimal SHA-256 digests by path. Paths are relative to the folder and use slashes. */
  sha256: z.record(z.string(), z.string().regex(/^[\da-f]{64}$/)),
  /** Paths of files without a digest, because they may change. */
  changeable: z.array(z.string()).exactOptional(),
});

export interface ChecksumOptions {
  /** The files, as paths relative to the folder, with slashes. Default: all files. */
  readonly files?: readonly string[];
  /** Known hexadecimal SHA-256 digests by path. The files with known digests are not read. */
  readonly known?: ReadonlyMap<string, string>;
  /**
   * Paths of files that may change or appear later. They have no digest, but a run that is replaced removes them as its
   * own files. Default: none.
   */
  readonly changeable?: readonly string[];
}

/**
 * Writes `checksums.json`, the SHA-256 of the files in `folder`. The URL of `folder` must end in a slash. By default, a
 * subfolder with its own `checksums.json` is represented by that file alone, because the file covers the subfolder.
 */
export async function writeChecksums(folder: URL, { files, known, changeable }: ChecksumOptions = {}): Promise<void> {
  const sha256: Record<string, string> = {};
  for (const path of (files ?? (await filesIn(folder, ""))).toSorted()) {
    if (path !== CHECKSUMS_FILE && !changeable?.includes(path))
      sha256[path] = known?.get(path) ?? (await sha256OfFile(new URL(encoded(path), folder)));
  }
  const list = `${JSON.stringify({ formatVersion: 1, sha256, changeable }, null, 2)}\n`;
  await writeFileAtomically(new URL(CHECKSUMS_FILE, folder), list);
}

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks every file listed in the `checksums.json` of `folder` against its SHA-256, and ignores unlisted files. Returns
 * false when there is no `checksums.json`. Throws `invalid-checkpoint`, with the path, for the first file that differs
 * or is missing, `unavailable` for a file that cannot be read, and the reason of `signal` when it aborts.
 */
export async function verifyChecksums(folder: URL, { signal }: VerifyOptions = {}): Promise<boolean> {
  const file = new URL(CHECKSUMS_FILE, folder);
  const content = await readFileIfThere(file);
  if (content === undefined) return false;
  const { data, success } = schema.safeParse(jsonOrUndefined(content.toString("utf8")));
  if (!success) throw damaged(file, "is not the list of checksums that was saved");
  for (const [path, sha256] of Object.entries(data.sha256)) {
    if (!isBelow(path)) throw damaged(file, "is not the list of checksums that was saved");
    const listed = new URL(encoded(path), folder);
    const found = await sha256OfFile(listed, signal).catch(async (error: unknown) => {
      signal?.throwIfAborted();
      if (["ENOENT", "ENOTDIR", "EISDIR"].includes(String(codeOf(error)))) throw damaged(listed, "is missing");
      throw await unreadableFile(listed, error);
    });
    if (found !== sha256)
      throw damaged(listed, `differs from what was saved: its SHA-256 is not the one in ${CHECKSUMS_FILE}`);
  }
  return true;
}

/** Returns the files with a digest in the folder's `checksums.json`. Undefined when there is no readable list. */
export async function listedFiles(folder: URL): Promise<readonly string[] | undefined> {
  const list = await readList(folder);
  return list && Object.keys(list.sha256);
}

/**
 * Returns the files that were saved in the folder according to its `checksums.json`, and those that may appear later.
 * Undefined when there is no readable list.
 */
export async function savedFiles(folder: URL): Promise<readonly string[] | undefined> {
  const list = await readList(folder);
  return list && [CHECKSUMS_FILE, ...Object.keys(list.sha256), ...(list.changeable ?? [])];
}

async function readList(folder: URL): Promise<z.infer<typeof schema> | undefined> {
  const text = await readFile(new URL(CHECKSUMS_FILE, folder), "utf8").catch(() => "");
  return schema.safeParse(jsonOrUndefined(text)).data;
}

/**
 * Returns the first missing file of a saved folder, including `checksums.json` files and subfolders. Undefined when no
 * file is missing. Reads only `checksums.json` files.
 */
export async function missingFile(folder: URL): Promise<URL | undefined> {
  const list = new URL(CHECKSUMS_FILE, folder);
  if (!(await isThere(list))) return list;
  for (const path of (await listedFiles(folder)) ?? []) {
    const file = new URL(encoded(path), folder);
    const isList = path.endsWith(`/${CHECKSUMS_FILE}`);
    const missing = isList ? await missingFile(new URL("./", file)) : (await isThere(file)) ? undefined : file;
    if (missing) return missing;
  }
  return undefined;
}

/** Whether a file or folder exists. Throws `unavailable` when the file system does not answer. */
export async function isThere(place: URL): Promise<boolean> {
  try {
    await stat(place);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw await unreadableFile(place, error);
  }
}

async function filesIn(folder: URL, path: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (path !== "" && entries.some(({ name }) => name === CHECKSUMS_FILE)) return [`${path}${CHECKSUMS_FILE}`];
  const found = await Promise.all(
    entries.map(async (entry) => {
      const inside = `${path}${entry.name}`;
      if (!entry.isDirectory()) return [inside];
      return filesIn(new URL(`${encodeURIComponent(entry.name)}/`, folder), `${inside}/`);
    }),
  );
  return found.flat();
}

function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function isBelow(path: string): boolean {
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function codeOf(error: unknown): unknown {
  return Object(error).code;
}

function damaged(file: URL, what: string): MlanError {
  return new MlanError("invalid-checkpoint", `${pathOf(file)} ${what}. Restore it from a copy.`);
}

/**
 * Returns the SHA-256 of a checkpoint's `checksums.json`, which identifies all bytes of the checkpoint. Undefined
 * without a `checksums.json`. Throws `unavailable` when the file cannot be read.
 */
export function checkpointDigest(folder: URL): Promise<string | undefined> {
  return readDigest(new URL(CHECKSUMS_FILE, folder));
}
