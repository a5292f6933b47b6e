import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { replaceFiles } from "@mlan/core";
import { quantise, type QuantisedValues } from "@mlan/fused-ops";
import {
  openSafetensors,
  type SafetensorsReader,
  type TensorEntry,
  type TensorToWrite,
  writeSafetensors,
} from "@mlan/safetensors";
import { pathExists } from "../config/checkpoint-file.ts";
import { firstNotFinite } from "@mlan/safetensors";
import { QUANTISED } from "./weight-format.ts";

/** The folder, beside weight files, with their quantised matrices. If it is missing, they are quantised again. */
export const QUANTISED_FOLDER = "quantised/";

/** A matrix [rows, columns] to quantise. */
export interface MatrixToQuantise {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly reader: SafetensorsReader;
  /** The matrix's name in the reader. */
  readonly storedName: string;
  values(): Promise<Float32Array>;
}

/**
 * Returns the quantised matrices of a checkpoint, mapped from a file in `folder`, which is inside the folder of the
 * weight files. If there is no intact file for these weights, one is written tensor by tensor, and files made from
 * earlier weights are removed. Codes have the layout of {@link QuantisedValues}, stored as 32-bit words.
 */
export async function quantisedFile(
  folder: URL,
  matrices: readonly MatrixToQuantise[],
  format: keyof typeof QUANTISED,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, QuantisedValues>> {
  const weights = await stateOfWeights(folder, matrices);
  const name = `${format}-${weights}-${await identityOf(matrices, format)}.safetensors`;
  const file = new URL(name, folder);
  const kept = (await pathExists(file)) && (await readQuantised(file, matrices, format).catch(() => undefined));
  if (kept) return kept;
  // Files for a model with an adapter, or in another format, are made from the same weight files and stay.
  const isOfEarlierWeights = (other: string): boolean => KEPT.test(other) && !other.includes(weights);
  await replaceFiles(folder, isOfEarlierWeights, async (temporary) => {
    const tensors = matrices.flatMap((matrix) => tensorsOf(matrix, format, signal));
    await writeSafetensors(new URL(name, temporary), tensors);
  });
  return readQuantised(file, matrices, format);
}

const KEPT = /^int[48]-[-0-9a-f]+\.safetensors$/;

/** Returns a digest of the sizes and modification times of the weight files beside `folder`. */
async function stateOfWeights(folder: URL, matrices: readonly MatrixToQuantise[]): Promise<string> {
  const files = matrices.flatMap(({ reader }) => [...reader.entries.values()].map(({ file }) => file.href));
  const beside = [...new Set(files)].filter((file) => new URL("./", file).href === new URL("../", folder).href);
  const hash = createHash("sha256");
  for (const file of beside.toSorted()) hash.update(await stateOf(new URL(file)));
  return digestOf(hash);
}

const VERSION = 1;
const SAMPLE_BYTES = 4096;

/**
 * Returns a digest of the matrices' positions, of the sizes and modification times of their files, and of the first
 * bytes of each matrix.
 */
async function identityOf(matrices: readonly MatrixToQuantise[], format: keyof typeof QUANTISED): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([VERSION, QUANTISED[format]]));
  const files = new Map<string, URL>();
  for (const { reader, storedName } of matrices) {
    const file = reader.entries.get(storedName)?.file;
    if (file) files.set(file.href, file);
  }
  for (const file of files.values()) {
    hash.update(await stateOf(file));
    const handle = await open(file);
    try {
      for (const { name, shape, reader, storedName } of matrices) {
        const entry = reader.entries.get(storedName);
        if (entry?.file.href !== file.href) continue;
        const sample = Buffer.alloc(Math.min(SAMPLE_BYTES, entry.byteLength));
        await handle.read(sample, 0, sample.length, entry.offset);
        hash.update(JSON.stringify([name, shape, entry.dtype, entry.offset])).update(sample);
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

/** Returns the tensors to write for a matrix: its codes and its scales. */
function tensorsOf(
  { name, shape, values }: MatrixToQuantise,
  format: keyof typeof QUANTISED,
  signal?: AbortSignal,
): readonly [codes: TensorToWrite, scales: TensorToWrite] {
  const { bits, blockSize } = QUANTISED[format];
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
        const quantised = quantise(await values(), shape, { bits, blockSize });
        scales = quantised.scales;
        return new Int32Array(quantised.codes.buffer);
      },
    },
    // Written right after the codes.
    { name: `${name}.scales`, shape: [rows, blocks], dtype: "F32", data: () => scales },
  ];
}

/**
 * Opens an existing file. Throws if it is damaged: if its size does not match its header, a matrix is missing, or a
 * scale is not finite.
 */
async function readQuantised(
  file: URL,
  matrices: readonly MatrixToQuantise[],
  format: keyof typeof QUANTISED,
): Promise<ReadonlyMap<string, QuantisedValues>> {
  const reader = await openSafetensors(file);
  try {
    const found = new Map<string, QuantisedValues>();
    for (const matrix of matrices) {
      const [codes, scales] = tensorsOf(matrix, format);
      const { offset: byteOffset } = entryOf(reader, codes);
      const values = await reader.read(entryOf(reader, scales).name);
      if (firstNotFinite(values) >= 0) throw new RangeError(`${scales.name} is not finite`);
      const [rows, columns] = matrix.shape;
      found.set(matrix.name, { rows, columns, ...QUANTISED[format], codes: { file, byteOffset }, scales: values });
    }
    return found;
  } finally {
    await reader.close();
  }
}

/** Returns the stored entry of a tensor; throws if its type or shape differs. */
function entryOf({ entries }: SafetensorsReader, { name, shape, dtype }: TensorToWrite): TensorEntry {
  const entry = entries.get(name);
  if (entry?.dtype === dtype && entry.shape.join() === shape.join()) return entry;
  throw new RangeError(`${name} is not ${dtype} [${shape.join(", ")}]`);
}
