import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { type OpenOptions, pathOf, replaceFiles } from "@mlan/core";
import { quantize, type QuantizedValues } from "@mlan/fused-ops";
import {
  openSafetensors,
  type SafetensorsReader,
  type TensorEntry,
  type TensorToWrite,
  writeSafetensors,
} from "@mlan/safetensors";
import { pathExists } from "../config/checkpoint-file.ts";
import type { Quantization, QuantizedFormat } from "./weight-format.ts";

/** The folder of quantized matrices beside weight files. Deleting it is safe: the matrices are then quantized again. */
export const QUANTIZED_FOLDER = "quantized/";

export interface MatrixToQuantize extends Quantization {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly reader: SafetensorsReader;
  /** Name of the matrix in the reader. */
  readonly storedName: string;
  values(): Promise<Float32Array>;
}

export interface MakingOptions {
  readonly signal: AbortSignal | undefined;
  /** Called after each matrix is quantized. */
  readonly onDownload: OpenOptions["onDownload"] | undefined;
}

/**
 * Maps the quantized matrices of a checkpoint from a file in `folder`, a subfolder of the weights' folder. Without an
 * intact file for these weights, quantizes the matrices one by one into a new file and removes files of earlier
 * weights or earlier versions. Codes have the layout of {@link QuantizedValues}, stored as 32-bit words.
 */
export async function quantizedFile(
  folder: URL,
  matrices: readonly MatrixToQuantize[],
  format: QuantizedFormat,
  { signal, onDownload }: MakingOptions,
): Promise<ReadonlyMap<string, QuantizedValues>> {
  const kept = await findQuantized(folder, matrices, format);
  if (kept) return kept;
  const weights = await stateOfWeights(folder, matrices);
  const file = await fileOf(folder, matrices, format);
  // Files of a model with an adapter, or of another format, belong to the same weight files and stay.
  const isOutdated = (other: string): boolean => {
    const [matched, version = 0, madeFrom] = KEPT.exec(other) ?? [];
    return matched !== undefined && (Number(version) < VERSION || madeFrom !== weights);
  };
  await replaceFiles(folder, isOutdated, async (temporary) => {
    const name = basename(fileURLToPath(file));
    const [source, size] = [pathOf(new URL("../", folder)), sizeOf(matrices)];
    let bytes = 0;
    const quantized = (matrix: MatrixToQuantize): void => {
      bytes += bytesOf(matrix);
      onDownload?.({ activity: "quantizing", source, file: name, bytes, size });
    };
    const checksums = new Int32Array(matrices.length);
    const tensors = matrices.flatMap((matrix, index) =>
      tensorsOf(matrix, {
        signal,
        quantized(codes) {
          checksums[index] = crc32(codes);
          quantized(matrix);
        },
      }),
    );
    await writeSafetensors(new URL(name, temporary), [...tensors, checksumsOf(checksums)]);
  });
  return readQuantized(file, matrices);
}

/** Like {@link quantizedFile}, but returns undefined without an intact file. */
export async function findQuantized(
  folder: URL,
  matrices: readonly MatrixToQuantize[],
  format: QuantizedFormat,
): Promise<ReadonlyMap<string, QuantizedValues> | undefined> {
  const file = await fileOf(folder, matrices, format);
  return (await pathExists(file)) ? readQuantized(file, matrices).catch(() => undefined) : undefined;
}

/** Returns the number of bytes that {@link quantizedFile} will write; 0 if the file exists. */
export async function bytesToWrite(
  folder: URL,
  matrices: readonly MatrixToQuantize[],
  format: QuantizedFormat,
): Promise<number> {
  return (await pathExists(await fileOf(folder, matrices, format))) ? 0 : sizeOf(matrices);
}

function sizeOf(matrices: readonly MatrixToQuantize[]): number {
  return matrices.reduce((sum, one) => sum + bytesOf(one), 0);
}

async function fileOf(folder: URL, matrices: readonly MatrixToQuantize[], format: QuantizedFormat): Promise<URL> {
  const weights = await stateOfWeights(folder, matrices);
  return new URL(`${format}-v${VERSION}-${weights}-${await identityOf(matrices)}.safetensors`, folder);
}

/**
 * The version of the files, which is raised whenever their content or the rounding of values changes. The file names of
 * versions below 5 contain no version.
 */
const VERSION = 5;
const KEPT = /^int[48](?:-\d+)?-(?:v(\d+)-)?([0-9a-f]{32})-[0-9a-f]{32}\.safetensors$/;

/** Returns a digest of the sizes and modification times of the weight files beside `folder`. */
async function stateOfWeights(folder: URL, matrices: readonly MatrixToQuantize[]): Promise<string> {
  const files = matrices.flatMap(({ reader }) => [...reader.entries.values()].map(({ file }) => file.href));
  const beside = [...new Set(files)].filter((file) => new URL("./", file).href === new URL("../", folder).href);
  const hash = createHash("sha256");
  for (const file of beside.toSorted()) hash.update(await stateOf(new URL(file)));
  return digestOf(hash);
}

const SAMPLE_BYTES = 4096;

/**
 * Returns a digest of the matrices' positions, of the sizes and modification times of their files, and of the first
 * bytes of each matrix.
 */
async function identityOf(matrices: readonly MatrixToQuantize[]): Promise<string> {
  const hash = createHash("sha256");
  const files = new Map<string, URL>();
  for (const { reader, storedName } of matrices) {
    const file = reader.entries.get(storedName)?.file;
    if (file) files.set(file.href, file);
  }
  for (const file of files.values()) {
    hash.update(await stateOf(file));
    const handle = await open(file);
    try {
      for (const { name, shape, bits, blockSize, reader, storedName } of matrices) {
        const entry = reader.entries.get(storedName);
        if (entry?.file.href !== file.href) continue;
        const sample = Buffer.alloc(Math.min(SAMPLE_BYTES, entry.byteLength));
        await handle.read(sample, 0, sample.length, entry.offset);
        hash.update(JSON.stringify([name, shape, bits, blockSize, entry.dtype, entry.offset])).update(sample);
      }
    } finally {
      await handle.close();
    }
  }
  return digestOf(hash);
}

async function stateOf(file: URL): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return JSON.stringify([size, mtimeMs]);
}

function digestOf(hash: ReturnType<typeof createHash>): string {
  return hash.digest("hex").slice(0, 32);
}

interface WritingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly quantized?: (codes: Uint8Array) => void;
}

/** Returns the bytes of a matrix's codes, scales and checksum. */
function bytesOf({ shape: [rows, columns], bits, blockSize }: MatrixToQuantize): number {
  return rows * Math.ceil(columns / blockSize) * ((blockSize * bits) / 8 + 4) + 4;
}

/** Returns the tensors of a quantized matrix: codes and scales. */
function tensorsOf(
  matrix: MatrixToQuantize,
  { signal, quantized: done }: WritingOptions = {},
): readonly [codes: TensorToWrite, scales: TensorToWrite] {
  const { name, shape, bits, blockSize, values } = matrix;
  const [rows, columns] = shape;
  const blocks = Math.ceil(columns / blockSize);
  let scales: Float32Array = new Float32Array();
  return [
    {
      name: `${name}.codes`,
      shape: [rows, (blocks * blockSize * bits) / 32],
      dtype: "I32",
      async data() {
        signal?.throwIfAborted();
        const quantized = quantize(await values(), shape, { bits, blockSize });
        scales = quantized.scales;
        done?.(quantized.codes);
        return new Int32Array(quantized.codes.buffer);
      },
    },
    // Written right after the codes.
    { name: `${name}.scales`, shape: [rows, blocks], dtype: "F32", data: () => scales },
  ];
}

/** The CRC-32 of each matrix's codes, written after all matrices. */
function checksumsOf(checksums: Int32Array): TensorToWrite {
  return { name: "checksums", shape: [checksums.length], dtype: "I32", data: () => checksums };
}

/** Number of bytes that are read and checked at a time. */
const CHECKED_BYTES = 2 ** 22;

async function checksumOf(handle: FileHandle, { name, offset, byteLength }: TensorEntry): Promise<number> {
  const chunk = Buffer.allocUnsafe(Math.min(CHECKED_BYTES, byteLength));
  let checksum = 0;
  for (let done = 0; done < byteLength;) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(chunk.length, byteLength - done), offset + done);
    if (bytesRead === 0) throw new RangeError(`${name} became shorter`);
    checksum = crc32(chunk.subarray(0, bytesRead), checksum);
    done += bytesRead;
  }
  return checksum;
}

/**
 * Opens an existing file. Throws if it is damaged: a size that does not match the header, a missing matrix, codes with
 * a wrong checksum, or a scale that is not finite.
 */
async function readQuantized(
  file: URL,
  matrices: readonly MatrixToQuantize[],
): Promise<ReadonlyMap<string, QuantizedValues>> {
  const reader = await openSafetensors(file);
  const handle = await open(file);
  try {
    entryOf(reader, checksumsOf(new Int32Array(matrices.length)));
    const checksums = await reader.readInt32("checksums");
    const found = new Map<string, QuantizedValues>();
    const most = Math.max(0, ...matrices.map(({ shape, blockSize }) => shape[0] * Math.ceil(shape[1] / blockSize)));
    const read = new Float32Array(most);
    for (const [index, matrix] of matrices.entries()) {
      const [codes, scales] = tensorsOf(matrix).map((tensor) => entryOf(reader, tensor));
      if (!codes || !scales) continue;
      // Checksums are stored as signed integers.
      if (((await checksumOf(handle, codes)) | 0) !== checksums[index])
        throw new RangeError(`${codes.name} differs from its checksum`);
      const values = read.subarray(0, scales.byteLength / 4);
      if ((await reader.readInto(scales.name, values)) >= 0) throw new RangeError(`${scales.name} is not finite`);
      const { shape, bits, blockSize } = matrix;
      const [rows, columns] = shape;
      const placeOf = ({ offset: byteOffset }: TensorEntry): { file: URL; byteOffset: number } => ({
        file,
        byteOffset,
      });
      found.set(matrix.name, { rows, columns, bits, blockSize, codes: placeOf(codes), scales: placeOf(scales) });
    }
    return found;
  } finally {
    await handle.close();
    await reader.close();
  }
}

/** Returns the stored entry of a tensor. Throws if its type or shape differs. */
function entryOf({ entries }: SafetensorsReader, { name, shape, dtype }: TensorToWrite): TensorEntry {
  const entry = entries.get(name);
  if (entry?.dtype === dtype && entry.shape.join() === shape.join()) return entry;
  throw new RangeError(`${name} is not ${dtype} [${shape.join(", ")}]`);
}
