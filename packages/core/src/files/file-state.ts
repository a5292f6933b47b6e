import { stat } from "node:fs/promises";

/** Returns size, inode and times as text. A different text means that the file may have changed. */
export async function fileState(file: URL): Promise<string> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return [size, ino, mtimeNs, ctimeNs].join(" ");
}
