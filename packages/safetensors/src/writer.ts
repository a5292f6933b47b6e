import { createHash, randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { byteLengthOf, elementBytesOf, float32ToBfloat16, float32ToFloat16 } from "./dtype.ts";
import { SafetensorsError } from "./errors.ts";
import { METADATA } from "./header.ts";

/** A tensor to write. `data` is called when the tensor is written, so that only one tensor is in memory. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * The dtype in the file. BF16 and F16 are rounded from float32, ties to even. An error is thrown for a finite value
   * that would become infinite.
   */
  readonly dtype: "F32" | "BF16" | "F16" | "I32";
  data(): Float32Array | Int32Array | Promise<Float32Array | Int32Array>;
}

/** Maximum number of bytes per update of a hash, which accepts less than 2 GiB. */
const LARGEST_UPDATE = 1 << 30;

/**
 * Writes a safetensors file atomically: to a temporary file in the same folder, which is synced to disk and renamed. If
 * it throws, an existing `file` is unchanged and the temporary file is removed. Returns the hexadecimal SHA-256 of the
 * file.
 */
export async function writeSafetensors(
  file: URL,
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Promise<string> {
  const hash = createHash("sha256");
  const temporary = new URL(`${file.href}.${randomUUID()}.tmp`);
  const handle = await open(temporary, "w");
  try {
    try {
      const header = headerBytes(tensors, metadata);
      hash.update(header);
      await handle.writeFile(header);
      for (const tensor of tensors) {
        const bytes = await bytesOf(tensor);
        for (let start = 0; start < bytes.length; start += LARGEST_UPDATE) {
          hash.update(bytes.subarray(start, start + LARGEST_UPDATE));
        }
        await handle.writeFile(bytes);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    return hash.digest("hex");
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function headerBytes(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  const header = new Map<string, unknown>(metadata && [[METADATA, metadata]]);
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    if (name === METADATA) {
      throw new SafetensorsError(
        "unsupported",
        `a tensor cannot be named "${METADATA}", which is reserved for the file's metadata. Rename the tensor.`,
      );
    }
    if (header.has(name))
      throw new SafetensorsError("damaged", `two tensors to write are named "${name}". Rename one of them.`);
    const end = offset + byteLengthOf(dtype, shape);
    header.set(name, { dtype, shape, data_offsets: [offset, end] });
    offset = end;
  }
  const json = JSON.stringify(Object.fromEntries(header));
  // Padded with spaces, so that the data begins at a multiple of 8.
  const text = Buffer.from(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}

async function bytesOf(tensor: TensorToWrite): Promise<Uint8Array> {
  const { name, dtype, shape } = tensor;
  const values = await tensor.data();
  if (
    values instanceof Int32Array !== (dtype === "I32") ||
    byteLengthOf(dtype, shape) !== values.length * elementBytesOf(dtype)
  ) {
    throw new SafetensorsError(
      "damaged",
      `tensor "${name}" (${dtype} [${shape}]) has ${values.length} values in a ${values.constructor.name}. ` +
        "Return one value per element of its shape, in an Int32Array for I32 and a Float32Array otherwise.",
    );
  }
  const numbers = values instanceof Float32Array ? rounded(tensor, values) : values;
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

const HALVES = {
  BF16: { round: float32ToBfloat16, infinity: 0x7f80, name: "bfloat16", largest: "3.39e38", remedy: "as F32" },
  F16: { round: float32ToFloat16, infinity: 0x7c00, name: "float16", largest: "65504", remedy: "as BF16 or F32" },
} as const;

function rounded({ name, dtype }: TensorToWrite, values: Float32Array): Float32Array | Uint16Array {
  if (dtype !== "BF16" && dtype !== "F16") return values;
  const half = HALVES[dtype];
  const halves = half.round(values);
  const overflow = halves.findIndex((bits, index) => (bits & 0x7fff) === half.infinity && isFinite(values[index] ?? 0));
  if (overflow < 0) return halves;
  throw new SafetensorsError(
    "unsupported",
    `tensor "${name}" holds ${values[overflow]} at index ${overflow}, beyond the largest ${half.name}, ${half.largest}. ` +
      `Write it ${half.remedy}.`,
  );
}
