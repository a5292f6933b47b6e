import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";

/** Size, inode and times as text: once this changes, the file may hold anything. */
export async function fileState(file: URL): Promise<string> {
  return stateIn(await stat(file, { bigint: true }));
}

export function stateIn({ size, ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return [size, ino, mtimeNs, ctimeNs].join(" ");
}
