import type { FileHandle } from "node:fs/promises";
import { toInt32 } from "./dtype.ts";
import { pathOf, SafetensorsError, shown } from "./errors.ts";
import { readHeader, type TensorEntry } from "./header.ts";
import { openFile } from "./open-file.ts";
import { type Shards, shardsOf } from "./shards.ts";
import { float32Decoder } from "./to-float32.ts";

/** Tensors of one file or of all shards of a folder, read one at a time. */
export interface SafetensorsReader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** A floating-point tensor (F32, F16, BF16, F64) as float32, row-major. */
  read(name: string): Promise<Float32Array>;
  /**
   * The same into `target`, which has as many elements, in pieces and without a copy of the tensor. Resolves to the place of
   * the first value that is NaN or infinite, -1 when all are finite.
   */
  readInto(name: string, target: Float32Array): Promise<number>;
  /** An integer tensor (I32, I64) as int32, row-major. */
  readInt32(name: string): Promise<Int32Array>;
  close(): Promise<void>;
}

/**
 * Opens a `*.safetensors` file, or a folder: the shards that `model.safetensors.index.json` names unless there is a
 * `model.safetensors` too, else every `*.safetensors` in it. Headers are checked against the files before anything is read.
 * Throws a {@link SafetensorsError} that names the file.
 */
export async function openSafetensors(fileOrFolder: URL): Promise<SafetensorsReader> {
  const opened = new Map<string, OpenedFile>();
  const close = async (): Promise<void> => {
    await Promise.all([...opened.values()].map(({ handle }) => handle.close()));
    opened.clear();
  };
  try {
    const entries = new Map<string, TensorEntry>();
    const shards = await shardsOf(fileOrFolder);
    for (const file of shards.files) {
      const handle = await openFile(file);
      opened.set(file.href, { handle, state: "" });
      const state = await stateOf(handle);
      opened.set(file.href, { handle, state });
      for (const entry of await readHeader(handle, file)) addEntry(entries, entry);
    }
    checkPromises(shards, entries);
    return reader(entries, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

interface OpenedFile {
  readonly handle: FileHandle;
  /** Size and time of the last change when it was opened. */
  readonly state: string;
}

function reader(
  entries: ReadonlyMap<string, TensorEntry>,
  opened: ReadonlyMap<string, OpenedFile>,
  close: () => Promise<void>,
): SafetensorsReader {
  const find = (name: string): { entry: TensorEntry; file: OpenedFile } => {
    const entry = entries.get(name);
    if (!entry) throw new SafetensorsError("missing", `there is no tensor ${shown(name)}.`);
    const file = opened.get(entry.file.href);
    if (!file) throw new SafetensorsError("missing", `${shown(name)} was read after close().`);
    return { entry, file };
  };
  const pieces = piecePool();
  const readInto = async (name: string, target: Float32Array): Promise<number> => {
    const { entry, file } = find(name);
    const place = await decodeInto(file.handle, entry, target, pieces);
    await checkState(file, entry);
    return place;
  };
  return {
    entries,
    async read(name) {
      const { entry } = find(name);
      const values = allocate(entry, () => new Float32Array(entry.shape.reduce((product, size) => product * size, 1)));
      await readInto(name, values);
      return values;
    },
    readInto,
    async readInt32(name) {
      const { entry, file } = find(name);
      const bytes = allocate(entry, () => new Uint8Array(entry.byteLength));
      await readBytes(file.handle, entry, { bytes, start: 0 });
      await checkState(file, entry);
      return toInt32(entry.dtype, bytes, name);
    },
    close,
  };
}

async function checkState(file: OpenedFile, entry: TensorEntry): Promise<void> {
  if ((await stateOf(file.handle)) === file.state) return;
  throw new SafetensorsError("damaged", `${pathOf(entry.file)} was changed while it was read. Open it again.`);
}

async function stateOf(handle: FileHandle): Promise<string> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return `${size}:${mtimeNs}`;
}

/** Small enough for a processor's cache: what was read is decoded while it is there. A multiple of every element's size. */
const PIECE_BYTES = 2 ** 22;

type Piece = Uint8Array<ArrayBuffer>;

/** Memory that reads use again and again: fresh pages cost as much as what is read into them. */
interface PiecePool {
  take(): Piece;
  give(piece: Piece): void;
}

function piecePool(): PiecePool {
  const free: Piece[] = [];
  return { take: () => free.pop() ?? new Uint8Array(PIECE_BYTES), give: (piece) => void free.push(piece) };
}

/** Decodes one piece while the next one is read. Gives the place of the first value that is not finite, or -1. */
async function decodeInto(
  handle: FileHandle,
  entry: TensorEntry,
  target: Float32Array,
  pool: PiecePool,
): Promise<number> {
  const { name, dtype, byteLength } = entry;
  const decoder = float32Decoder(dtype);
  if (!decoder) {
    throw new SafetensorsError(
      "unsupported",
      `tensor ${shown(name)} is ${dtype}; only F32, F16, BF16 and F64 are read as numbers. Convert it first.`,
    );
  }
  const { elementBytes, decode } = decoder;
  if (target.length * elementBytes !== byteLength) {
    throw new SafetensorsError(
      "unsupported",
      `tensor ${shown(name)} has ${byteLength / elementBytes} values, and ${target.length} were to be read.`,
    );
  }
  let current = pool.take();
  let next = pool.take();
  const read = async (piece: Piece, start: number): Promise<Piece> => {
    const bytes = piece.subarray(0, Math.min(PIECE_BYTES, byteLength - start));
    await readBytes(handle, entry, { bytes, start });
    return bytes;
  };
  let place = -1;
  try {
    let bytes = await read(current, 0);
    for (let start = 0; start < byteLength; start += PIECE_BYTES) {
      const reading = start + PIECE_BYTES < byteLength ? read(next, start + PIECE_BYTES) : undefined;
      const first = start / elementBytes;
      const found = decode(bytes, target.subarray(first, first + bytes.length / elementBytes));
      if (found >= 0 && place < 0) place = first + found;
      if (reading) bytes = await reading;
      [current, next] = [next, current];
    }
    return place;
  } finally {
    pool.give(current);
    pool.give(next);
  }
}

interface BytesToRead {
  /** To be filled. */
  readonly bytes: Uint8Array;
  /** Their place in the tensor. */
  readonly start: number;
}

/** One read call takes at most 2 GiB on Linux, so a large tensor takes several. */
async function readBytes(handle: FileHandle, entry: TensorEntry, { bytes, start }: BytesToRead): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, 1 << 30);
    const { bytesRead } = await handle.read(bytes, done, length, entry.offset + start + done);
    if (bytesRead === 0) {
      throw new SafetensorsError(
        "damaged",
        `${pathOf(entry.file)} became shorter while ${shown(entry.name)} was read.`,
      );
    }
    done += bytesRead;
  }
}

/** A file can claim more than a machine holds: sparse ones take no room on disk. */
function allocate<Memory>({ name, file, byteLength }: TensorEntry, make: () => Memory): Memory {
  try {
    return make();
  } catch (cause) {
    const message = `${pathOf(file)}: tensor ${shown(name)} needs ${byteLength} bytes, more memory than there is.`;
    throw new SafetensorsError("unsupported", message, { cause });
  }
}

/** A tensor that an index promises in one file and that is in another, or nowhere, is of another model. */
function checkPromises({ promised, index }: Shards, entries: ReadonlyMap<string, TensorEntry>): void {
  for (const [name, file] of promised) {
    const found = entries.get(name)?.file.href;
    if (found === file.href || !index) continue;
    const where = `${pathOf(index)} puts tensor ${shown(name)} into ${pathOf(file)}, which does not hold it`;
    throw new SafetensorsError("damaged", `${where}. Download index and weights from the same place.`);
  }
}

function addEntry(entries: Map<string, TensorEntry>, entry: TensorEntry): void {
  const other = entries.get(entry.name);
  if (other) {
    throw new SafetensorsError(
      "damaged",
      `tensor ${shown(entry.name)} is in ${pathOf(other.file)} and in ${pathOf(entry.file)}. Keep one of the files.`,
    );
  }
  entries.set(entry.name, entry);
}
