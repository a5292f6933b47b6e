import { createHash } from "node:crypto";
import { mkdir, open, stat } from "node:fs/promises";
import { quantise, type QuantisedValues } from "@mlan/fused-ops";
import { openSafetensors, type SafetensorsReader, type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { pathExists } from "../config/checkpoint-file.ts";
import { checkpointResult } from "./read-tensors.ts";
import { QUANTISED } from "./weight-format.ts";

/** A matrix [rows, columns] to quantise. */
export interface MatrixToQuantise {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly reader: SafetensorsReader;
  /** Its name in the reader. */
  readonly storedName: string;
  values(): Promise<Float32Array>;
}

/**
 * The quantised matrices of a checkpoint, in a file that later starts map: made, tensor by tensor, where there is none of
 * these very weights. Its codes are in the layout of {@link QuantisedValues}, as words of 32 bits.
 */
export async function quantisedFile(
  file: URL,
  matrices: readonly MatrixToQuantise[],
  format: keyof typeof QUANTISED,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, QuantisedValues>> {
  const identity = await identityOf(matrices, format);
  // The name says what it was made of, so that a file of other weights is never found.
  const named = new URL(`${format}-${identity}.safetensors`, file);
  if (!(await pathExists(named))) {
    await mkdir(new URL("./", named), { recursive: true });
    await writeSafetensors(
      named,
      matrices.flatMap((matrix) => tensorsOf(matrix, format, signal)),
    );
  }
  return readQuantised(named, matrices, format);
}

const VERSION = 1;
const SAMPLE_BYTES = 4096;

/** A digest of the tensors' places, of their files' sizes and times, and of the first values of each. */
async function identityOf(matrices: readonly MatrixToQuantise[], format: keyof typeof QUANTISED): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([VERSION, QUANTISED[format]]));
  const files = new Map<string, URL>();
  for (const { reader, storedName } of matrices) {
    const file = reader.entries.get(storedName)?.file;
    if (file) files.set(file.href, file);
  }
  for (const file of files.values()) {
    const { size, mtimeMs } = await stat(file);
    hash.update(JSON.stringify([size, mtimeMs]));
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
  return hash.digest("hex").slice(0, 32);
}

function tensorsOf(
  { name, shape, values }: MatrixToQuantise,
  format: keyof typeof QUANTISED,
  signal: AbortSignal | undefined,
): readonly TensorToWrite[] {
  const { bits, blockSize } = QUANTISED[format];
  const [rows, columns] = shape;
  const blocks = Math.ceil(columns / blockSize);
  let scales: Float32Array = new Float32Array();
  return [
    {
      name: codesOf(name),
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
    { name: scalesOf(name), shape: [rows, blocks], dtype: "F32", data: () => scales },
  ];
}

async function readQuantised(
  file: URL,
  matrices: readonly MatrixToQuantise[],
  format: keyof typeof QUANTISED,
): Promise<ReadonlyMap<string, QuantisedValues>> {
  const reader = await checkpointResult(() => openSafetensors(file));
  try {
    const found = new Map<string, QuantisedValues>();
    for (const { name, shape } of matrices) {
      const [rows, columns] = shape;
      const scales = await checkpointResult(() => reader.read(scalesOf(name)));
      const byteOffset = reader.entries.get(codesOf(name))?.offset ?? 0;
      found.set(name, { rows, columns, ...QUANTISED[format], codes: { file, byteOffset }, scales });
    }
    return found;
  } finally {
    await reader.close();
  }
}

function codesOf(name: string): string {
  return `${name}.codes`;
}

function scalesOf(name: string): string {
  return `${name}.scales`;
}
