import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Content, contentOfFiles, MlanError, pathOf, toFolderUrl, writeFileAtomically } from "@mlan/core";
import { z } from "zod";
import { fileExists } from "../config/checkpoint-file.ts";
import { checkConfig, readConfigFile } from "../config/config-file.ts";

/**
 * A file in a folder that holds only trained components. It records the folders of the other components, and the
 * checksums of their files.
 */
export const BASE_FILE = "base.json";

/**
 * A file beside {@link BASE_FILE}. It records the state of the base's files when their checksums were last verified.
 */
export const VERIFIED_FILE = ".base-verified";

/** The folders of a model and their contents. */
export interface Base {
  readonly weights: URL;
  readonly adapter?: URL | undefined;
  readonly visionTower?: URL | undefined;
  /** Every file that affects the model's answers. */
  readonly files: ReadonlyMap<string, URL>;
  /** Content of the files when the model was opened. */
  readonly content: Content;
}

/** Returns whether the files are unchanged since the model was opened. */
export async function isAsOpened({ files, content }: Base): Promise<boolean> {
  const now = await contentOfFiles(files).catch(() => undefined);
  return now !== undefined && (content.stamp === "" || now.stamp === content.stamp);
}

/** The content of `base.json`. */
export interface BaseRecord {
  readonly file: URL;
  readonly weights: URL;
  readonly adapter?: URL | undefined;
  readonly visionTower?: URL | undefined;
  readonly digest: string;
  /** SHA-256 by file name. */
  readonly files: Readonly<Record<string, string>>;
}

const schema = z.object({
  formatVersion: z.literal(1, { error: "update mlan to read it" }),
  weights: z.string().min(1),
  adapter: z.string().min(1).optional(),
  visionTower: z.string().min(1).optional(),
  digest: z.string(),
  files: z.record(z.string(), z.string()),
});

/**
 * Reads the `base.json` of a folder; returns undefined for a folder with a whole model. Throws `invalid-checkpoint`
 * with file and key.
 */
export async function readBaseFile(folder: URL): Promise<BaseRecord | undefined> {
  const file = new URL(BASE_FILE, folder);
  if (!(await fileExists(file))) return undefined;
  const { weights, adapter, visionTower, digest, files } = checkConfig(schema, await readConfigFile(file), file);
  const folderOf = (path: string | undefined): URL | undefined => (path === undefined ? undefined : toFolderUrl(path));
  const places = { weights: toFolderUrl(weights), adapter: folderOf(adapter), visionTower: folderOf(visionTower) };
  return { file, ...places, digest, files };
}

/** Returns the keys of `base.json`. Reads the base's files once, about 1 GB per second. */
export async function baseFileKeys({ weights, adapter, visionTower, content }: Base): Promise<unknown> {
  return {
    formatVersion: 1,
    weights: pathOf(weights),
    ...(adapter && { adapter: pathOf(adapter) }),
    ...(visionTower && { visionTower: pathOf(visionTower) }),
    digest: await content.digest(),
    files: (await content.files?.()) ?? {},
  };
}

/**
 * Throws `invalid-checkpoint` if a base differs from the recorded one. The error names both folders and the files that
 * differ. Reads the files, about 1 GB per second, unless their state is unchanged since the last verification.
 */
export async function checkBase(record: BaseRecord, base: Base): Promise<void> {
  const { file, digest, files } = record;
  const { weights, content } = base;
  const verified = new URL(VERIFIED_FILE, file);
  const state = stateOf(digest, base);
  if (state !== undefined && (await readFile(verified, "utf8").catch(() => undefined)) === state) return;
  if ((await content.digest()) === digest) {
    // On failure, the next call reads the files again.
    if (state !== undefined) await writeFileAtomically(verified, state).catch(() => undefined);
    return;
  }
  const now = (await content.files?.()) ?? {};
  const names = [...new Set([...Object.keys(files), ...Object.keys(now)])].filter((name) => files[name] !== now[name]);
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(new URL("./", file))} holds only trained components, and the base in ${pathOf(weights)} is not the one ` +
      `that they were trained on: ${names.join(", ")} differ. Restore the base, or write the path of the right one into ${pathOf(file)}.`,
  );
}

/** Returns a string that identifies the state of the files; undefined if they changed too recently to have a stamp. */
function stateOf(digest: string, { files, content: { stamp } }: Base): string | undefined {
  if (stamp === "") return undefined;
  const places = [...files].map(([name, place]) => [name, place.href]).toSorted();
  return `${createHash("sha256")
    .update(JSON.stringify([digest, stamp, places]))
    .digest("hex")}\n`;
}
