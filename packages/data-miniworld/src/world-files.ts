import { writeFile } from "node:fs/promises";
import { makeFolder } from "@mlan/core";

export interface PictureFile {
  /** The path relative to the folder. */
  readonly path: string;
  readonly png: Uint8Array;
}

export async function writeJson(file: URL, value: unknown): Promise<void> {
  await write(file, `${JSON.stringify(value, undefined, 1)}\n`);
}

export async function writeJsonLines(file: URL, rows: readonly unknown[]): Promise<void> {
  await write(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

export async function writePictures(folder: URL, pictures: readonly PictureFile[]): Promise<void> {
  if (pictures.length > 0) await makeFolder(new URL("images/", folder));
  for (const { path, png } of pictures) await writeFile(new URL(path, folder), png);
}

async function write(file: URL, text: string): Promise<void> {
  await makeFolder(new URL("./", file));
  await writeFile(file, text);
}

/** Returns the numbers 0, 1, ..., length - 1. */
export function upTo(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
