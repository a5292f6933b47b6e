import { stat } from "node:fs/promises";

/** Size, inode and times as text: once this changes, the file may hold anything. */
export async function fileState(file: URL): Promise<string> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return [size, ino, mtimeNs, ctimeNs].join(" ");
}
