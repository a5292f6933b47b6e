import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { pathOf, shown } from "./errors.ts";
import { readBytes } from "./open-file.ts";
import type { CheckedBytes, TensorEntry, WeightFormat } from "./weight-format.ts";

/** Small enough for a processor's cache: what was read is decoded while it is there. A multiple of every element's size. */
export const PIECE_BYTES: number = 2 ** 22;

export type Piece = Uint8Array<ArrayBuffer>;

/** Memory that reads use again and again: fresh pages cost as much as what is read into them. */
export interface PiecePool {
  take(): Piece;
  give(piece: Piece): void;
}

export function piecePool(): PiecePool {
  const free: Piece[] = [];
  return { take: () => free.pop() ?? new Uint8Array(PIECE_BYTES), give: (piece) => void free.push(piece) };
}

/** An open file of weights. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly format: WeightFormat;
  /** Size and time of the last change when it was opened. */
  readonly state: string;
  /** The beginnings of the parts whose checksums are known to be right. */
  readonly verified: Set<number>;
}

/** Fills `bytes` with those of a tensor from its byte `start` on. */
export function readTensorBytes(
  { handle, format }: OpenedFile,
  { file, name, offset }: TensorEntry,
  { bytes, start }: { readonly bytes: Uint8Array; readonly start: number },
): Promise<void> {
  const ended = (): Error =>
    new format.error("damaged", `${pathOf(file)} became shorter while ${shown(name)} was read.`);
  return readBytes(handle, { bytes, position: offset + start }, ended);
}

/** Throws when the file was written to since it was opened. */
export async function checkState({ handle, state, format }: OpenedFile, { file }: TensorEntry): Promise<void> {
  if ((await stateOf(handle)) === state) return;
  throw new format.error("damaged", `${pathOf(file)} was changed while it was read. Open it again.`);
}

export async function stateOf(handle: FileHandle): Promise<string> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return `${size}:${mtimeNs}`;
}

/** The checked part of the file where the tensor is all of it. */
export function wholePart({ checked, offset, byteLength }: TensorEntry): CheckedBytes | undefined {
  return checked && checked.offset === offset && checked.byteLength === byteLength ? checked : undefined;
}

/** Throws unless this is the checksum of the tensor's checked part. */
export function checkChecksum(
  { verified, format }: OpenedFile,
  { file, name, checked }: TensorEntry,
  sum: number,
): void {
  if (!checked) return;
  if (checked.crc32 !== sum) {
    const what = `tensor ${shown(name)} has bytes that do not fit its checksum`;
    throw new format.error("damaged", `${pathOf(file)} is damaged: ${what}. Download or write it again.`);
  }
  verified.add(checked.offset);
}

/** Reads the checked part around a tensor, once, for tensors that are not all of theirs. */
export async function verifyPart(opened: OpenedFile, entry: TensorEntry, pool: PiecePool): Promise<void> {
  const { checked } = entry;
  if (!checked || opened.verified.has(checked.offset)) return;
  const piece = pool.take();
  try {
    let sum = 0;
    for (let done = 0; done < checked.byteLength; done += PIECE_BYTES) {
      const bytes = piece.subarray(0, Math.min(PIECE_BYTES, checked.byteLength - done));
      await readTensorBytes(opened, entry, { bytes, start: checked.offset - entry.offset + done });
      sum = crc32(bytes, sum);
    }
    checkChecksum(opened, entry, sum);
  } finally {
    pool.give(piece);
  }
}
