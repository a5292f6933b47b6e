import { writeFileAtomically } from "@mlan/core";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { HubTarget } from "./hub-target.ts";

/** A file in the Hub's list of files. */
export interface HubFile {
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /**
   * The Hub's identifier of the content: the SHA-256 (64 digits) of a large file, or Git's hash (40 digits) of a small
   * file, which is the SHA-1 of "blob <size>\0" and the bytes.
   */
  readonly etag: string;
  /** Git's hash of the pointer that a repository contains in place of a large file. */
  readonly pointer?: string;
  /** The identifier of a large file in the Hub's newer storage. */
  readonly xetHash?: string;
}

/**
 * One repository in the cache, which is shared with Python's `huggingface_hub`: `models--<owner>--<name>/{blobs/<etag>,
 * snapshots/<commit>/<path>, refs/<revision>, trees/<commit>.json}`. The files of a snapshot are relative links to
 * blobs.
 */
export interface HubCache {
  /** The folder of the repository. Ends in a slash. */
  readonly home: URL;
  /** Returns the folder of a commit's files. Its URL ends in a slash. */
  snapshot(commit: string): URL;
  blob(file: HubFile): URL;
  /** Returns the file that records size, timestamps and inode of a verified file. Python ignores this file. */
  record(file: HubFile): URL;
  /** Returns the commit that a branch or tag pointed to when it was last looked up. */
  readCommit(revision: string): Promise<string | undefined>;
  writeCommit(revision: string, commit: string): Promise<void>;
  readList(commit: string): Promise<readonly HubFile[] | undefined>;
  writeList(commit: string, files: readonly HubFile[]): Promise<void>;
  /**
   * Returns the files of a commit that are in the cache, possibly not all files of the commit. Undefined when there are
   * none.
   */
  readSnapshot(commit: string): Promise<readonly HubFile[] | undefined>;
}

/**
 * Returns the cache of one repository. `root` is the folder of all repositories, such as `~/.cache/huggingface/hub/`.
 */
export function hubCache(root: URL, { type, repository }: Pick<HubTarget, "type" | "repository">): HubCache {
  const home = new URL(`${type}s--${repository.replaceAll("/", "--")}/`, root);
  const refFile = (revision: string): URL =>
    new URL(`refs/${revision.split("/").map(encodeURIComponent).join("/")}`, home);
  const listFile = (commit: string): URL => new URL(`trees/${commit}.json`, home);
  return {
    home,
    snapshot: (commit) => new URL(`snapshots/${commit}/`, home),
    blob: ({ etag }) => new URL(`blobs/${etag}`, home),
    record: ({ etag }) => new URL(`.verified/${etag}`, home),
    async readCommit(revision) {
      const commit = (await readFile(refFile(revision), "utf8").catch(() => "")).trim();
      return isCommit(commit) ? commit : undefined;
    },
    writeCommit: (revision, commit) => writeIfPossible(refFile(revision), commit),
    readList: (commit) => readList(listFile(commit)),
    writeList: (commit, files) => writeIfPossible(listFile(commit), listText(files)),
    readSnapshot: (commit) => readSnapshot(fileURLToPath(new URL(`snapshots/${commit}/`, home))),
  };
}

/** Whether a revision is a full commit hash. The files of a commit never change. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/**
 * Writes a file. Does nothing when the cache is read-only, as a shared cache may be; the Hub is then asked again next
 * time.
 */
async function writeIfPossible(file: URL, text: string): Promise<void> {
  await writeFileAtomically(file, text).catch(() => undefined);
}

const gitHash = z.string().regex(/^[0-9a-f]{40}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** The schema of a list of files, as recent versions of Python's `huggingface_hub` write it. */
const listSchema = z.object({
  format_version: z.literal(1),
  files: z.record(
    z.string(),
    z.object({
      size: z.int().min(0),
      blob_id: gitHash,
      lfs_sha256: sha256.nullish(),
      lfs_size: z.int().min(0).nullish(),
      xet_hash: sha256.nullish(),
    }),
  ),
});

/** Reads a list of files. Undefined when the list is missing or damaged and must be written again. */
async function readList(file: URL): Promise<readonly HubFile[] | undefined> {
  try {
    const { files } = listSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return Object.entries(files).map(([path, { size, blob_id, lfs_sha256, lfs_size, xet_hash }]) =>
      lfs_sha256
        ? {
            path,
            size: lfs_size ?? size,
            etag: lfs_sha256,
            pointer: blob_id,
            ...(xet_hash && { xetHash: xet_hash }),
          }
        : { path, size, etag: blob_id },
    );
  } catch {
    return undefined;
  }
}

function listText(files: readonly HubFile[]): string {
  const entries = files.map(({ path, size, etag, pointer, xetHash }) => [
    path,
    pointer === undefined
      ? { size, blob_id: etag }
      : { size, blob_id: pointer, lfs_sha256: etag, lfs_size: size, ...(xetHash && { xet_hash: xetHash }) },
  ]);
  return JSON.stringify({ format_version: 1, files: Object.fromEntries(entries) }, undefined, 1);
}

async function readSnapshot(folder: string): Promise<readonly HubFile[] | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: HubFile[] = [];
  for (const entry of entries) {
    // A link names the file's checksum. A copy does not, and cannot be verified.
    if (!entry.isSymbolicLink()) continue;
    const place = join(entry.parentPath, entry.name);
    const [blob, status] = await Promise.all([readlink(place), stat(place).catch(() => undefined)]);
    const etag = basename(blob);
    if (!status?.isFile() || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag)) continue;
    files.push({ path: relative(folder, place).split(sep).join("/"), size: status.size, etag });
  }
  return files.length > 0 ? files : undefined;
}
