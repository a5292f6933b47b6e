import type { BigIntStats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { pathOf } from "@mlan/errors";
import { shown } from "./errors.ts";
import { readBytes } from "./open-file.ts";
import type { CheckedBytes, TensorEntry, WeightFormat } from "./weight-format.ts";

/** Number of bytes read at a time: few enough for the processor's cache, and a multiple of every element size. */
export const CHUNK_BYTES: number = 2 ** 22;

export type Chunk = Uint8Array<ArrayBuffer>;

/** Memory that later reads reuse. Allocating new pages costs as much time as reading into them. */
export interface ChunkPool {
  take(): Chunk;
  release(chunk: Chunk): void;
}

export function chunkPool(): ChunkPool {
  const free: Chunk[] = [];
  return { take: () => free.pop() ?? new Uint8Array(CHUNK_BYTES), release: (chunk) => void free.push(chunk) };
}

export interface OpenedFile {
  readonly handle: FileHandle;
  readonly format: WeightFormat;
  /** Size and modification time of the file when it was opened. */
  readonly state: string;
  /** Offsets of the parts with verified checksums. */
  readonly verified: Set<number>;
}

/** Fills `bytes` with a tensor's bytes, starting at byte `start` of the tensor. */
export function readTensorBytes(
  { handle, format }: OpenedFile,
  { file, name, offset }: TensorEntry,
  { bytes, start }: { readonly bytes: Uint8Array; readonly start: number },
): Promise<void> {
  const ended = (): Error =>
    new format.error("damaged", `${pathOf(file)} became shorter while ${shown(name)} was read.`);
  return readBytes(handle, { bytes, position: offset + start }, ended);
}

/**
 * Throws if the file has changed since it was opened, or if a different file is now at its path, because a caller that
 * maps an entry's file opens it by its path.
 */
export async function checkState({ handle, state, format }: OpenedFile, { file }: TensorEntry): Promise<void> {
  const atPath = await stat(file, { bigint: true }).then(stateText, () => undefined);
  if ((await stateOf(handle)) === state && atPath === state) return;
  throw new format.error("damaged", `${pathOf(file)} was changed while it was read. Open it again.`);
}

export async function stateOf(handle: FileHandle): Promise<string> {
  return stateText(await handle.stat({ bigint: true }));
}

function stateText({ size, mtimeNs }: BigIntStats): string {
  return `${size}:${mtimeNs}`;
}

/** Returns the part of the file with a checksum if the tensor is exactly this part; otherwise undefined. */
export function wholePart({ checked, offset, byteLength }: TensorEntry): CheckedBytes | undefined {
  return checked && checked.offset === offset && checked.byteLength === byteLength ? checked : undefined;
}

/** Throws if `sum` is not the known checksum of the tensor's part; otherwise marks the part as verified. */
export function checkChecksum(
  { verified, format }: OpenedFile,
  { file, name, checked }: TensorEntry,
  sum: number,
): void {
  if (!checked) return;
  if (checked.crc32 !== sum) {
    const what = `tensor ${shown(name)} does not match its checksum`;
    throw new format.error("damaged", `${pathOf(file)} is damaged: ${what}. Download or write it again.`);
  }
  verified.add(checked.offset);
}

/**
 * Verifies, once, the checksum of the part that contains a tensor. Used for tensors that are only a fraction of a part.
 */
export async function verifyPart(opened: OpenedFile, entry: TensorEntry, pool: ChunkPool): Promise<void> {
  const { checked } = entry;
  if (!checked || opened.verified.has(checked.offset)) return;
  const chunk = pool.take();
  try {
    let sum = 0;
    for (let done = 0; done < checked.byteLength; done += CHUNK_BYTES) {
      const bytes = chunk.subarray(0, Math.min(CHUNK_BYTES, checked.byteLength - done));
      await readTensorBytes(opened, entry, { bytes, start: checked.offset - entry.offset + done });
      sum = crc32(bytes, sum);
    }
    checkChecksum(opened, entry, sum);
  } finally {
    pool.release(chunk);
  }
}
