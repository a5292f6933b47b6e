import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { HubFile } from "./hub-cache.ts";

/** One dataset in the cache of Python's `huggingface_hub`, which is only read. */
export interface PythonCache {
  /** The commit that a branch or tag pointed to when Python last looked it up. */
  readCommit(revision: string): Promise<string | undefined>;
  /**
   * The files of a commit that Python has downloaded, with the checksums in the names of its blobs; undefined when
   * there are none. The commit may have more files.
   */
  readList(commit: string): Promise<readonly HubFile[] | undefined>;
  /** Where a file of a commit is, if Python has downloaded it. */
  file(commit: string, path: string): URL;
}

/** `root` holds `datasets--<owner>--<name>/{refs,blobs,snapshots}`. */
export function pythonCache(root: URL, repository: string): PythonCache {
  const home = new URL(`datasets--${repository.replaceAll("/", "--")}/`, root);
  return {
    async readCommit(revision) {
      const file = new URL(`refs/${revision.split("/").map(encodeURIComponent).join("/")}`, home);
      const commit = (await readFile(file, "utf8").catch(() => "")).trim();
      return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
    },
    readList: (commit) => listOf(fileURLToPath(new URL(`snapshots/${commit}/`, home))),
    file: (commit, path) => new URL(`snapshots/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`, home),
  };
}

async function listOf(snapshot: string): Promise<readonly HubFile[] | undefined> {
  const entries = await readdir(snapshot, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: HubFile[] = [];
  for (const entry of entries) {
    // Only a link names a checksum; a copy made by Python cannot be verified.
    if (!entry.isSymbolicLink()) continue;
    const place = join(entry.parentPath, entry.name);
    const [blob, status] = await Promise.all([readlink(place), stat(place).catch(() => undefined)]);
    if (!status?.isFile()) continue;
    const digest = basename(blob);
    const path = relative(snapshot, place).split(sep).join("/");
    if (/^[0-9a-f]{64}$/.test(digest)) files.push({ path, size: status.size, sha256: digest });
    if (/^[0-9a-f]{40}$/.test(digest)) files.push({ path, size: status.size, oid: digest });
  }
  return files.length > 0 ? files : undefined;
}

/**
 * The name of a table part that is missing from a list, e.g. "train-00001-of-00004.parquet"; undefined when none is.
 */
export function missingPart(files: readonly HubFile[]): string | undefined {
  const paths = new Set(files.map(({ path }) => path));
  for (const path of paths) {
    const [, head, count, tail] = /^(.*-)\d{5}-of-(\d{5})(.*)$/s.exec(path) ?? [];
    for (let part = 0; part < Number(count ?? 0); part++) {
      const other = `${head}${String(part).padStart(5, "0")}-of-${count}${tail}`;
      if (!paths.has(other)) return other;
    }
  }
  return undefined;
}
