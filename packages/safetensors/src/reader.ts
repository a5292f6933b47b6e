import { pathOf } from "@mlan/errors";
import { listed, SafetensorsError, shown } from "./errors.ts";
import { readHeader } from "./header.ts";
import { openFile } from "./open-file.ts";
import { readFloat32, readInt32 } from "./read-tensor.ts";
import { type Shards, shardsOf } from "./shards.ts";
import { elementsOf } from "./strided.ts";
import { checkState, type OpenedFile, chunkPool, stateOf } from "./tensor-bytes.ts";
import type { TensorEntry, WeightFormat } from "./weight-format.ts";

/** Reads the tensors of a file, or of all shards in a folder. */
export interface SafetensorsReader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Reads a floating-point tensor (F32, F16, BF16, F64) as float32, row-major. */
  read(name: string): Promise<Float32Array>;
  /**
   * Reads a floating-point tensor into `target`, which must have as many elements, without a copy. Resolves to the
   * index of the first NaN or infinite value; -1 if all are finite.
   */
  readInto(name: string, target: Float32Array): Promise<number>;
  /** Reads an integer tensor (BOOL, U8, I8, U16, I16, I32, I64) as int32, row-major. */
  readInt32(name: string): Promise<Int32Array>;
  close(): Promise<void>;
}

/**
 * Opens a `*.safetensors` file or a folder. In a folder it opens `model.safetensors`, or else the shards in
 * `model.safetensors.index.json`, or else every `*.safetensors` file. Checks headers against the files before any
 * tensor is read. Throws a {@link SafetensorsError} with the file's name.
 */
export function openSafetensors(fileOrFolder: URL): Promise<SafetensorsReader> {
  return openWeightFiles(fileOrFolder, SAFETENSORS);
}

const SAFETENSORS: WeightFormat = {
  fileKind: "*.safetensors file",
  singleFile: "model.safetensors",
  indexFile: "model.safetensors.index.json",
  error: SafetensorsError,
  readEntries: readHeader,
  otherFiles: (folder, names) => {
    const files = names.filter((name) => name.endsWith(".safetensors"));
    if (files.length > 0) return files;
    const pickles = names.filter((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
    const found =
      pickles.length > 0
        ? `only PyTorch files (${listed(pickles)}): read them with @mlan/pytorch-files, or convert them to safetensors`
        : `${listed(names)}; only safetensors files can be read`;
    throw new SafetensorsError("missing", `${pathOf(folder)} has no *.safetensors file, but ${found}.`);
  },
};

/** Opens a weight file in the given format, or a folder of such files. Throws the format's errors. */
export async function openWeightFiles(fileOrFolder: URL, format: WeightFormat): Promise<SafetensorsReader> {
  const opened = new Map<string, OpenedFile>();
  const close = async (): Promise<void> => {
    await Promise.all([...opened.values()].map(({ handle }) => handle.close()));
    opened.clear();
  };
  try {
    const entries = new Map<string, TensorEntry>();
    const shards = await shardsOf(fileOrFolder, format);
    for (const file of shards.files) {
      const handle = await openFile(file, format);
      const verified = new Set<number>();
      opened.set(file.href, { handle, format, state: "", verified });
      const state = await stateOf(handle);
      opened.set(file.href, { handle, format, state, verified });
      for (const entry of await format.readEntries(handle, file)) addEntry(entries, entry, format);
    }
    checkIndex(shards, entries, format);
    return reader(entries, opened, { format, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opening {
  readonly format: WeightFormat;
  close(): Promise<void>;
}

function reader(
  entries: ReadonlyMap<string, TensorEntry>,
  opened: ReadonlyMap<string, OpenedFile>,
  { format, close }: Opening,
): SafetensorsReader {
  const find = (name: string): { entry: TensorEntry; file: OpenedFile } => {
    const entry = entries.get(name);
    if (!entry) throw new format.error("missing", `there is no tensor ${shown(name)}.`);
    const file = opened.get(entry.file.href);
    if (!file) throw new format.error("missing", `${shown(name)} was read after close().`);
    return { entry, file };
  };
  const chunks = chunkPool();
  const readInto = async (name: string, target: Float32Array): Promise<number> => {
    const { entry, file } = find(name);
    const index = await readFloat32(file, entry, target, chunks);
    await checkState(file, entry);
    return index;
  };
  return {
    entries,
    async read(name) {
      const { entry } = find(name);
      const values = allocate(entry, format, (length) => new Float32Array(length));
      await readInto(name, values);
      return values;
    },
    readInto,
    async readInt32(name) {
      const { entry, file } = find(name);
      const values = allocate(entry, format, (length) => new Int32Array(length));
      await readInt32(file, entry, values, chunks);
      await checkState(file, entry);
      return values;
    },
    close,
  };
}

/**
 * Allocates memory for a tensor. Throws an error with the tensor's name if that fails, because a sparse file can claim
 * more values than memory can hold.
 */
function allocate<Memory>(
  { name, file, shape, byteLength }: TensorEntry,
  { error }: WeightFormat,
  make: (length: number) => Memory,
): Memory {
  try {
    return make(elementsOf(shape));
  } catch (cause) {
    const message = `${pathOf(file)}: tensor ${shown(name)} needs ${byteLength} bytes, more than the available memory.`;
    throw new error("unsupported", message, { cause });
  }
}

/** Throws if the file that the index names lacks a tensor. The index then belongs to a different model. */
function checkIndex({ indexed, index }: Shards, entries: ReadonlyMap<string, TensorEntry>, format: WeightFormat): void {
  for (const [name, file] of indexed) {
    const found = entries.get(name)?.file.href;
    if (found === file.href || !index) continue;
    const where = `${pathOf(index)} puts tensor ${shown(name)} into ${pathOf(file)}, which does not contain it`;
    throw new format.error("damaged", `${where}. Download index and weights from the same place.`);
  }
}

function addEntry(entries: Map<string, TensorEntry>, entry: TensorEntry, format: WeightFormat): void {
  const other = entries.get(entry.name);
  if (other) {
    throw new format.error(
      "damaged",
      `tensor ${shown(entry.name)} is in ${pathOf(other.file)} and in ${pathOf(entry.file)}. Keep one of the files.`,
    );
  }
  entries.set(entry.name, entry);
}
