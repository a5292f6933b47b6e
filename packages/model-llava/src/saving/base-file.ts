import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Content, contentOfFiles, MlanError, pathOf, toFolderUrl, writeFileAtomically } from "@mlan/core";
import { z } from "zod";
import { fileExists } from "../config/checkpoint-file.ts";
import { checkConfig, readConfigFile } from "../config/config-file.ts";

/** In a folder that holds only what was trained: where the rest of the model is, and what it must be. */
export const BASE_FILE = "base.json";

/** Beside it: by which sizes and times of the base's files they are known to be right. */
export const VERIFIED_FILE = ".base-verified";

/** The folders of a model and what they hold. */
export interface Base {
  readonly weights: URL;
  readonly adapter?: URL | undefined;
  readonly visionTower?: URL | undefined;
  /** Everything in the folders that decides what the model answers. */
  readonly files: ReadonlyMap<string, URL>;
  /** Of the files, as they were when the model was opened. */
  readonly content: Content;
}

/** Whether the files are those that the model was opened from; not when they were moved meanwhile. */
export async function isAsOpened({ files, content }: Base): Promise<boolean> {
  const now = await contentOfFiles(files).catch(() => undefined);
  return now !== undefined && (content.stamp === "" || now.stamp === content.stamp);
}

/** What a folder says of its base. */
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

/** Undefined for a folder that holds a whole model. Throws `invalid-checkpoint` that names file and key. */
export async function readBaseFile(folder: URL): Promise<BaseRecord | undefined> {
  const file = new URL(BASE_FILE, folder);
  if (!(await fileExists(file))) return undefined;
  const { weights, adapter, visionTower, digest, files } = checkConfig(schema, await readConfigFile(file), file);
  const folderOf = (path: string | undefined): URL | undefined => (path === undefined ? undefined : toFolderUrl(path));
  const places = { weights: toFolderUrl(weights), adapter: folderOf(adapter), visionTower: folderOf(visionTower) };
  return { file, ...places, digest, files };
}

/** The content of the file for a base. Reads the base's files once: about a second per gigabyte. */
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
 * Throws `invalid-checkpoint`, naming both folders and what differs, for a base that is not the recorded one. Reads the base's
 * files, about a second per gigabyte, unless they are as they were when they were last found to be right.
 */
export async function checkBase(record: BaseRecord, base: Base): Promise<void> {
  const { file, digest, files } = record;
  const { weights, content } = base;
  const verified = new URL(VERIFIED_FILE, file);
  const state = stateOf(digest, base);
  if (state !== undefined && (await readFile(verified, "utf8").catch(() => undefined)) === state) return;
  if ((await content.digest()) === digest) {
    // Without permission to write, the files are read again the next time.
    if (state !== undefined) await writeFileAtomically(verified, state).catch(() => undefined);
    return;
  }
  const now = (await content.files?.()) ?? {};
  const names = [...new Set([...Object.keys(files), ...Object.keys(now)])].filter((name) => files[name] !== now[name]);
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(new URL("./", file))} holds only what was trained, and its base in ${pathOf(weights)} is not the one ` +
      `that it was trained on: ${names.join(", ")} differ. Restore the base, or write the place of the right one into ${pathOf(file)}.`,
  );
}

/** The recorded digest and the state of the files that has it; undefined while they are too new for a state. */
function stateOf(digest: string, { files, content: { stamp } }: Base): string | undefined {
  if (stamp === "") return undefined;
  const places = [...files].map(([name, place]) => [name, place.href]).toSorted();
  return `${createHash("sha256")
    .update(JSON.stringify([digest, stamp, places]))
    .digest("hex")}\n`;
}
