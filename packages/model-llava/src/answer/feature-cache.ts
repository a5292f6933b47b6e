import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Location, removeOldTemporaryFiles, toFolderUrl, writeFileAtomically } from "@mlan/core";

/** A cache of arrays in files. A key has 64 hexadecimal digits. */
export interface FeatureCache {
  /** Returns `size` values; undefined when the file is missing or damaged or has a different key. */
  read(key: string, size: number): Promise<Float32Array | undefined>;
  /** Throws `unavailable` when the folder cannot be written. */
  write(key: string, values: Float32Array): Promise<void>;
}

const DIGEST_BYTES = 32;

/**
 * Creates a cache in `folder`. Each file holds the SHA-256 of its key and values, then the values as little-endian
 * float32.
 */
export function featureCache(folder: Location): FeatureCache {
  const url = toFolderUrl(folder, "model-llava: featureCache");
  const fileOf = (key: string): URL => new URL(`${key.slice(0, 2)}/${key}.features`, url);
  return {
    async read(key, size) {
      const bytes = await readFile(fileOf(key)).catch(() => undefined);
      if (bytes?.length !== DIGEST_BYTES + size * 4) return undefined;
      const values = new Uint8Array(bytes.subarray(DIGEST_BYTES));
      return digestOf(key, values).equals(bytes.subarray(0, DIGEST_BYTES)) ? floats(values) : undefined;
    },
    async write(key, values) {
      const bytes = littleEndian(values);
      const file = fileOf(key);
      await removeOldTemporaryFiles(new URL("./", file));
      await writeFileAtomically(file, Buffer.concat([digestOf(key, bytes), bytes]));
    },
  };
}

function digestOf(key: string, values: Uint8Array): Buffer {
  return createHash("sha256").update(key).update(values).digest();
}

function floats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setFloat32(index * 4, value, true);
  return bytes;
}
