import { readdir, stat } from "node:fs/promises";
import { pathOf } from "@mlan/errors";
import { listed, shown } from "./errors.ts";
import { cannotOpen, foreignFormat, openFile } from "./open-file.ts";
import type { WeightFormat } from "./weight-format.ts";

/** The files of a model's tensors. */
export interface Shards {
  readonly files: readonly URL[];
  /** The file of each tensor according to the index, by tensor name; empty without an index. */
  readonly indexed: ReadonlyMap<string, URL>;
  readonly index: URL | undefined;
}

const LARGEST_INDEX = 100_000_000;

/**
 * Returns the weight files of a file or folder. A file is returned as it is. In a folder, returns `format.singleFile`
 * if it exists, or else the shards in the index, or else the format's other files.
 */
export async function shardsOf(fileOrFolder: URL, format: WeightFormat): Promise<Shards> {
  const found = await stat(fileOrFolder).catch((cause: unknown) => {
    throw cannotOpen(fileOrFolder, cause, format);
  });
  if (!found.isDirectory()) return { files: [fileOrFolder], indexed: new Map(), index: undefined };
  const folder = fileOrFolder.href.endsWith("/") ? fileOrFolder : new URL(`${fileOrFolder.href}/`);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw cannotOpen(folder, cause, format);
  });
  const { singleFile, indexFile } = format;
  // Like transformers, prefers a single file to all others: if a folder has both, the single file is newer.
  if (names.includes(singleFile)) return { files: [fileIn(folder, singleFile)], indexed: new Map(), index: undefined };
  if (names.includes(indexFile)) return indexedShards(new URL(indexFile, folder), names, format);
  const files = format.otherFiles(folder, names).toSorted();
  return { files: files.map((name) => fileIn(folder, name)), indexed: new Map(), index: undefined };
}

async function indexedShards(index: URL, present: readonly string[], format: WeightFormat): Promise<Shards> {
  const { weight_map: weights }: { weight_map?: unknown } = Object(await readIndex(index, format));
  const places: [string, unknown][] = Array.isArray(weights) ? [] : Object.entries(Object(weights));
  if (typeof weights !== "object" || places.length === 0)
    throw damaged(format, index, 'names no shards in "weight_map"');
  const indexed = new Map<string, URL>();
  const files = new Map<string, URL>();
  for (const [tensor, name] of places) {
    if (!isFileName(name)) {
      throw damaged(
        format,
        index,
        `puts tensor ${shown(tensor)} into ${shown(name)}, which is not a file of this folder`,
      );
    }
    const file = files.get(name) ?? fileIn(index, name);
    files.set(name, file);
    indexed.set(tensor, file);
  }
  const missing = [...files.keys()].filter((name) => !present.includes(name)).toSorted();
  if (missing.length > 0) {
    const what = `${missing.length} of the ${files.size} files that ${pathOf(index)} names are missing`;
    throw new format.error(
      "missing",
      `${what}: ${listed(missing)}. Its folder has ${listed(present)}. Download the missing files.`,
    );
  }
  return { files: [...files.keys()].toSorted().flatMap((name) => files.get(name) ?? []), indexed, index };
}

async function readIndex(index: URL, format: WeightFormat): Promise<unknown> {
  const handle = await openFile(index, format);
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_INDEX) throw damaged(format, index, `has ${size} bytes, too many for an index`);
    const bytes = await handle.readFile();
    const foreign = foreignFormat(bytes.subarray(0, 64));
    if (foreign) throw new format.error("damaged", `${pathOf(index)} ${foreign}.`);
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    if (format.error.is(cause)) throw cause;
    throw new format.error("damaged", `${pathOf(index)} is not JSON. Download it again.`, { cause });
  } finally {
    await handle.close();
  }
}

/** Whether a name is that of a file in the index's own folder. An untrusted index must not name any other file. */
function isFileName(name: unknown): name is string {
  return typeof name === "string" && !/^\.{0,2}$|[/\\\0\p{Surrogate}]/u.test(name) && name.length < 256;
}

function fileIn(folder: URL, name: string): URL {
  return new URL(encodeURIComponent(name), folder);
}

function damaged({ error }: WeightFormat, index: URL, what: string): Error {
  return new error("damaged", `${pathOf(index)} ${what}. Download it again.`);
}
