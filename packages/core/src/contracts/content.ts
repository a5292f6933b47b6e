import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../files/sha256-of-file.ts";
import { unreadableFile } from "../files/file-problem.ts";

/** Data on disk that affects a result. Two contents are equal if their bytes are equal, wherever they are stored. */
export interface Content {
  /**
   * Made from names, sizes and modification times. An equal stamp means unchanged content. With a different stamp, or
   * with "" (unknown), compare the digests.
   */
  readonly stamp: string;
  /** Returns the SHA-256 of all bytes, as 64 hexadecimal digits. Reads everything, at about a gigabyte per second. */
  digest(): Promise<string>;
  /**
   * Returns the SHA-256 of each file by name. Absent when the content does not consist of files. Calling both `files`
   * and `digest` reads the files only once.
   */
  files?(): Promise<Readonly<Record<string, string>>>;
}

/** A file that changed within this time may change again and keep its modification time. */
const SETTLED_AFTER_MILLISECONDS = 2000;

/**
 * Returns the content of files. The keys name the files independently of their location. Throws `unavailable`, with the
 * file's path, when a file is missing or cannot be read.
 */
export async function contentOfFiles(files: ReadonlyMap<string, URL>, signal?: AbortSignal): Promise<Content> {
  const sorted = [...files].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const stamps = await Promise.all(sorted.map(async ([name, file]) => [name, await stampOf(file)] as const));
  const readAll = async (): Promise<readonly (readonly [name: string, digest: string])[]> => {
    const digests: [string, string][] = [];
    for (const [name, file] of sorted) digests.push([name, await digestOf(file, signal)]);
    return digests;
  };
  let reading: ReturnType<typeof readAll> | undefined;
  const readOnce = (): ReturnType<typeof readAll> =>
    (reading ??= readAll().catch((error: unknown) => {
      // Lets the next call try again.
      reading = undefined;
      throw error;
    }));
  return {
    stamp: stamps.some(([, stamp]) => stamp === "") ? "" : sha256(JSON.stringify(stamps)),
    digest: async () => sha256((await readOnce()).map((pair) => JSON.stringify(pair)).join("")),
    files: async () => Object.fromEntries(await readOnce()),
  };
}

/**
 * Returns the {@link Content.stamp} of one file. Throws `unavailable` when the file system does not report its size and
 * times.
 */
export async function stampOf(file: URL): Promise<string> {
  const { size, mtimeNs, ctimeNs } = await stat(file, { bigint: true }).catch(async (error: unknown) => {
    throw await unreadableFile(file, error);
  });
  const age = Date.now() - Number(ctimeNs / 1_000_000n);
  return age < SETTLED_AFTER_MILLISECONDS ? "" : `${size}:${mtimeNs}:${ctimeNs}`;
}

async function digestOf(file: URL, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await sha256OfFile(file, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw await unreadableFile(file, error);
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
