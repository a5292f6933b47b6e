import { writeFileAtomically } from "@mlan/core";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";

/** A file as the Hub lists it. */
export interface HubFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content, when the Hub lists it (large files). */
  readonly sha256?: string;
  /** Git's hash: SHA-1 of "blob <size>\0" and the bytes. For large files it is not the hash of the content. */
  readonly oid?: string;
}

/** The downloaded files of one dataset as `<commit>/<path>`, with the lists of files and branches beside them. */
export interface HubCache {
  /** The folder of everything else here; ends in a slash. */
  readonly home: URL;
  /** The folder of a commit's files; ends in a slash. */
  folder(commit: string): URL;
  /** The file that records in which state the file's bytes were verified. */
  record(commit: string, path: string): URL;
  readCommit(revision: string): Promise<string | undefined>;
  writeCommit(revision: string, commit: string): Promise<void>;
  readList(commit: string): Promise<readonly HubFile[] | undefined>;
  writeList(commit: string, files: readonly HubFile[]): Promise<void>;
}

export function hubCache(root: URL, repository: string): HubCache {
  const home = new URL(`hub/datasets/${repository}/`, root);
  // Encoded twice, for the name and for the URL: a branch such as refs/convert/parquet becomes one file, not folders.
  const commitFile = (revision: string): URL =>
    new URL(`revisions/${encodeURIComponent(encodeURIComponent(revision))}.json`, home);
  const listFile = (commit: string): URL => new URL(`${commit}.files.json`, home);
  return {
    home,
    folder: (commit) => new URL(`${commit}/`, home),
    record: (commit, path) => new URL(`${commit}.checked/${shortName(path)}`, home),
    readCommit: (revision) => readJson(commitFile(revision), commitSchema),
    writeCommit: (revision, commit) => writeFileAtomically(commitFile(revision), JSON.stringify(commit)),
    readList: (commit) => readJson(listFile(commit), listSchema),
    writeList: (commit, files) => writeFileAtomically(listFile(commit), JSON.stringify(files)),
  };
}

/** Whether a revision is a full commit hash, whose files never change. */
export function isCommit(revision: string): boolean {
  return commitSchema.safeParse(revision).success;
}

/** A path may be longer than a file name can be. */
function shortName(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 32);
}

const commitSchema = z.string().regex(/^[0-9a-f]{40}$/);

const listSchema: z.ZodType<HubFile[]> = z.array(
  z.strictObject({
    path: z.string(),
    size: z.int().min(0),
    sha256: z.string().exactOptional(),
    oid: z.string().exactOptional(),
  }),
);

/** Undefined when the file is missing or damaged, so that it is written again. */
async function readJson<Value>(file: URL, schema: z.ZodType<Value>): Promise<Value | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
