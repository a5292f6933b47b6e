import { crc32 } from "node:zlib";
import { elementBytesOf } from "./dtype.ts";
import { shown } from "./errors.ts";
import { type Block, blocksOf, elementsOf, rowMajorStrides, scatter } from "./strided.ts";
import {
  checkChecksum,
  type OpenedFile,
  type Piece,
  PIECE_BYTES,
  type PiecePool,
  readTensorBytes,
  verifyPart,
  wholePart,
} from "./tensor-bytes.ts";
import { firstNotFinite, float32Decoder } from "./to-float32.ts";
import { int32Decoder } from "./to-int32.ts";
import type { TensorEntry } from "./weight-format.ts";

/** Reads numbers as float32. Resolves to the place of the first that is not finite, -1 when all are. */
export async function readFloat32(
  opened: OpenedFile,
  entry: TensorEntry,
  target: Float32Array,
  pool: PiecePool,
): Promise<number> {
  const { name, dtype, shape, strides } = entry;
  const decoder = float32Decoder(dtype);
  if (!decoder) {
    throw new opened.format.error(
      "unsupported",
      `tensor ${shown(name)} is ${dtype}; only F32, F16, BF16 and F64 are read as numbers. Convert it first.`,
    );
  }
  if (target.length !== elementsOf(shape)) {
    throw new opened.format.error(
      "unsupported",
      `tensor ${shown(name)} has ${elementsOf(shape)} values, and ${target.length} were to be read.`,
    );
  }
  if (!strides) return decodeInto(opened, entry, { decode: decoder.decode, target, pool });
  const some = new Float32Array(Math.min(PIECE_BYTES, entry.byteLength) / decoder.elementBytes);
  await readBlocks(opened, entry, pool, (bytes, block) => {
    const values = some.subarray(0, block.length);
    decoder.decode(bytes, values);
    scatter(values, target, block);
  });
  return firstNotFinite(target);
}

/** Reads integers as int32. Throws when one does not fit. */
export async function readInt32(
  opened: OpenedFile,
  entry: TensorEntry,
  target: Int32Array,
  pool: PiecePool,
): Promise<void> {
  const { name, dtype } = entry;
  const decode = int32Decoder(dtype);
  if (!decode) {
    throw new opened.format.error(
      "unsupported",
      `tensor ${shown(name)} is ${dtype}; only BOOL, U8, I8, U16, I16, I32 and I64 are read as integers.`,
    );
  }
  const some = new Int32Array(Math.min(PIECE_BYTES, entry.byteLength) / elementBytesOf(dtype));
  await readBlocks(opened, entry, pool, (bytes, block) => {
    const values = some.subarray(0, block.length);
    const tooLarge = decode(bytes, values);
    if (tooLarge !== undefined) {
      throw new opened.format.error(
        "unsupported",
        `tensor ${shown(name)} holds ${tooLarge}, which does not fit into 32 bits.`,
      );
    }
    scatter(values, target, block);
  });
}

async function readBlocks(
  opened: OpenedFile,
  entry: TensorEntry,
  pool: PiecePool,
  take: (bytes: Piece, block: Block) => void,
): Promise<void> {
  const { shape, strides = rowMajorStrides(shape), dtype } = entry;
  if (elementsOf(shape) === 0) return;
  await verifyPart(opened, entry, pool);
  const size = elementBytesOf(dtype);
  const piece = pool.take();
  try {
    for (const block of blocksOf(shape, strides, PIECE_BYTES / size)) {
      const bytes = piece.subarray(0, block.length * size);
      await readTensorBytes(opened, entry, { bytes, start: block.start * size });
      take(bytes, block);
    }
  } finally {
    pool.give(piece);
  }
}

interface Decoding {
  decode(bytes: Piece, target: Float32Array): number;
  readonly target: Float32Array;
  readonly pool: PiecePool;
}

/** Decodes one piece while the next one is read. */
async function decodeInto(opened: OpenedFile, entry: TensorEntry, { decode, target, pool }: Decoding): Promise<number> {
  const { byteLength } = entry;
  const whole = wholePart(entry);
  if (!whole) await verifyPart(opened, entry, pool);
  const elementBytes = elementBytesOf(entry.dtype);
  let current = pool.take();
  let next = pool.take();
  const read = async (piece: Piece, start: number): Promise<Piece> => {
    const bytes = piece.subarray(0, Math.min(PIECE_BYTES, byteLength - start));
    await readTensorBytes(opened, entry, { bytes, start });
    return bytes;
  };
  let place = -1;
  let sum = 0;
  try {
    let bytes = await read(current, 0);
    for (let start = 0; start < byteLength; start += PIECE_BYTES) {
      const reading = start + PIECE_BYTES < byteLength ? read(next, start + PIECE_BYTES) : undefined;
      const first = start / elementBytes;
      const found = decode(bytes, target.subarray(first, first + bytes.length / elementBytes));
      if (found >= 0 && place < 0) place = first + found;
      if (whole) sum = crc32(bytes, sum);
      if (reading) bytes = await reading;
      [current, next] = [next, current];
    }
    if (whole) checkChecksum(opened, entry, sum);
    return place;
  } finally {
    pool.give(current);
    pool.give(next);
  }
}
