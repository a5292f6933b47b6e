import { createHash, randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { byteLengthOf, float32ToBfloat16 } from "./dtype.ts";
import { SafetensorsError } from "./errors.ts";
import { METADATA } from "./header.ts";

/** One tensor to write. `data` is called when the tensor is written, so only one tensor needs to be in memory. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** BF16 is rounded from float32, ties to even. */
  readonly dtype: "F32" | "BF16" | "I32";
  data(): Float32Array | Int32Array | Promise<Float32Array | Int32Array>;
}

/** A hash accepts less than 2 GiB per update. */
const LARGEST_UPDATE = 1 << 30;

/**
 * Writes a safetensors file atomically: to a temporary file in the same folder, which is synced to disk and renamed. If it
 * throws, an existing `file` is unchanged and the temporary file is removed. Returns the file's SHA-256 in hexadecimal.
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

async function bytesOf({ name, dtype, shape, data }: TensorToWrite): Promise<Uint8Array> {
  const values = await data();
  if (
    values instanceof Int32Array !== (dtype === "I32") ||
    byteLengthOf(dtype, shape) !== values.length * (dtype === "BF16" ? 2 : 4)
  ) {
    throw new SafetensorsError(
      "damaged",
      `tensor "${name}" (${dtype} [${shape}]) has ${values.length} values in a ${values.constructor.name}. ` +
        "Return as many as its shape has, in an Int32Array for I32 and a Float32Array otherwise.",
    );
  }
  const numbers = dtype === "BF16" && values instanceof Float32Array ? float32ToBfloat16(values) : values;
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
