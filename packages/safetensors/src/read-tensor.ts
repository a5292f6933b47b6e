import { crc32 } from "node:zlib";
import { elementBytesOf } from "./dtype.ts";
import { shown } from "./errors.ts";
import { type Block, blocksOf, elementsOf, rowMajorStrides, scatter } from "./strided.ts";
import {
  checkChecksum,
  type OpenedFile,
  type Chunk,
  CHUNK_BYTES,
  type ChunkPool,
  readTensorBytes,
  verifyPart,
  wholePart,
} from "./tensor-bytes.ts";
import { type Float32Decoder, firstNotFinite, float32Decoder } from "./to-float32.ts";
import { int32Decoder } from "./to-int32.ts";
import type { FoundValue, TensorEntry } from "./weight-format.ts";

/** Reads numbers as float32. Resolves to the index of the first NaN or infinite value; -1 if all are finite. */
export async function readFloat32(
  opened: OpenedFile,
  entry: TensorEntry,
  target: Float32Array,
  pool: ChunkPool,
): Promise<number> {
  const { name, shape, strides } = entry;
  const decoder = decoderOf(opened, entry);
  if (target.length !== elementsOf(shape)) {
    throw new opened.format.error(
      "unsupported",
      `tensor ${shown(name)} has ${elementsOf(shape)} values, but the target has room for ${target.length}.`,
    );
  }
  if (!strides) {
    let found = -1;
    await decodeChunks(opened, entry, pool, (bytes, first) => {
      const index = decoder.decode(bytes, target.subarray(first, first + bytes.length / decoder.elementBytes));
      if (index >= 0 && found < 0) found = first + index;
    });
    return found;
  }
  const some = new Float32Array(Math.min(CHUNK_BYTES, entry.byteLength) / decoder.elementBytes);
  await readBlocks(opened, entry, pool, (bytes, block) => {
    const values = some.subarray(0, block.length);
    decoder.decode(bytes, values);
    scatter(values, target, block);
  });
  return firstNotFinite(target);
}

/**
 * Reads numbers in chunks without keeping them. Resolves to the first number that is NaN or infinite; undefined if all
 * are finite.
 */
export async function firstNotFiniteIn(
  opened: OpenedFile,
  entry: TensorEntry,
  pool: ChunkPool,
): Promise<FoundValue | undefined> {
  if (entry.strides) {
    const values = new Float32Array(elementsOf(entry.shape));
    const index = await readFloat32(opened, entry, values, pool);
    return index < 0 ? undefined : { index, value: values[index] ?? NaN };
  }
  const { decode, elementBytes } = decoderOf(opened, entry);
  const some = new Float32Array(Math.min(CHUNK_BYTES, entry.byteLength) / elementBytes);
  let found: FoundValue | undefined;
  await decodeChunks(opened, entry, pool, (bytes, first) => {
    const index = decode(bytes, some.subarray(0, bytes.length / elementBytes));
    if (index >= 0) found ??= { index: first + index, value: some[index] ?? NaN };
  });
  return found;
}

function decoderOf({ format }: OpenedFile, { name, dtype }: TensorEntry): Float32Decoder {
  const decoder = float32Decoder(dtype);
  if (decoder) return decoder;
  throw new format.error(
    "unsupported",
    `tensor ${shown(name)} is ${dtype}; only F32, F16, BF16 and F64 are read as numbers. Convert it first.`,
  );
}

/** Reads integers as int32. Throws if an integer does not fit. */
export async function readInt32(
  opened: OpenedFile,
  entry: TensorEntry,
  target: Int32Array,
  pool: ChunkPool,
): Promise<void> {
  const { name, dtype } = entry;
  const decode = int32Decoder(dtype);
  if (!decode) {
    throw new opened.format.error(
      "unsupported",
      `tensor ${shown(name)} is ${dtype}; only BOOL, U8, I8, U16, I16, I32 and I64 are read as integers.`,
    );
  }
  const some = new Int32Array(Math.min(CHUNK_BYTES, entry.byteLength) / elementBytesOf(dtype));
  await readBlocks(opened, entry, pool, (bytes, block) => {
    const values = some.subarray(0, block.length);
    const tooLarge = decode(bytes, values);
    if (tooLarge !== undefined) {
      throw new opened.format.error(
        "unsupported",
        `tensor ${shown(name)} contains ${tooLarge}, which does not fit into 32 bits.`,
      );
    }
    scatter(values, target, block);
  });
}

async function readBlocks(
  opened: OpenedFile,
  entry: TensorEntry,
  pool: ChunkPool,
  take: (bytes: Chunk, block: Block) => void,
): Promise<void> {
  const { shape, strides = rowMajorStrides(shape), dtype } = entry;
  if (elementsOf(shape) === 0) return;
  await verifyPart(opened, entry, pool);
  const size = elementBytesOf(dtype);
  const chunk = pool.take();
  try {
    for (const block of blocksOf(shape, strides, CHUNK_BYTES / size)) {
      const bytes = chunk.subarray(0, block.length * size);
      await readTensorBytes(opened, entry, { bytes, start: block.start * size });
      take(bytes, block);
    }
  } finally {
    pool.release(chunk);
  }
}

/**
 * Calls `take` with each chunk, and the number of values before it, while the next chunk is being read. Verifies the
 * checksum of the tensor's part of the file.
 */
async function decodeChunks(
  opened: OpenedFile,
  entry: TensorEntry,
  pool: ChunkPool,
  take: (bytes: Chunk, first: number) => void,
): Promise<void> {
  const { byteLength } = entry;
  const whole = wholePart(entry);
  if (!whole) await verifyPart(opened, entry, pool);
  const elementBytes = elementBytesOf(entry.dtype);
  let current = pool.take();
  let next = pool.take();
  const read = async (chunk: Chunk, start: number): Promise<Chunk> => {
    const bytes = chunk.subarray(0, Math.min(CHUNK_BYTES, byteLength - start));
    await readTensorBytes(opened, entry, { bytes, start });
    return bytes;
  };
  let sum = 0;
  try {
    let bytes = await read(current, 0);
    for (let start = 0; start < byteLength; start += CHUNK_BYTES) {
      const reading = start + CHUNK_BYTES < byteLength ? read(next, start + CHUNK_BYTES) : undefined;
      take(bytes, start / elementBytes);
      if (whole) sum = crc32(bytes, sum);
      if (reading) bytes = await reading;
      [current, next] = [next, current];
    }
    if (whole) checkChecksum(opened, entry, sum);
  } finally {
    pool.release(current);
    pool.release(next);
  }
}
