import { listed, pathOf, SafetensorsError, shown } from "./errors.ts";
import { readHeader } from "./header.ts";
import { openFile } from "./open-file.ts";
import { readFloat32, readInt32 } from "./read-tensor.ts";
import { type Shards, shardsOf } from "./shards.ts";
import { elementsOf } from "./strided.ts";
import { checkState, type OpenedFile, piecePool, stateOf } from "./tensor-bytes.ts";
import type { TensorEntry, WeightFormat } from "./weight-format.ts";

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
  /** An integer tensor (BOOL, U8, I8, U16, I16, I32, I64) as int32, row-major. */
  readInt32(name: string): Promise<Int32Array>;
  close(): Promise<void>;
}

/**
 * Opens a `*.safetensors` file, or a folder: the shards that `model.safetensors.index.json` names unless there is a
 * `model.safetensors` too, else every `*.safetensors` in it. Headers are checked against the files before anything is read.
 * Throws a {@link SafetensorsError} that names the file.
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
        ? `only PyTorch's own files (${listed(pickles)}): read them with @mlan/pytorch-files, or convert them to safetensors`
        : `${listed(names)}; only safetensors weights are read`;
    throw new SafetensorsError("missing", `${pathOf(folder)} holds no *.safetensors file, but ${found}.`);
  },
};

/** Opens a file of another format, or a folder of its files, to be read as safetensors are. Throws the format's errors. */
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
    checkPromises(shards, entries, format);
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
  const pieces = piecePool();
  const readInto = async (name: string, target: Float32Array): Promise<number> => {
    const { entry, file } = find(name);
    const place = await readFloat32(file, entry, target, pieces);
    await checkState(file, entry);
    return place;
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
      await readInt32(file, entry, values, pieces);
      await checkState(file, entry);
      return values;
    },
    close,
  };
}

/** A file can claim more than a machine holds: sparse ones take no room on disk. */
function allocate<Memory>(
  { name, file, shape, byteLength }: TensorEntry,
  { error }: WeightFormat,
  make: (length: number) => Memory,
): Memory {
  try {
    return make(elementsOf(shape));
  } catch (cause) {
    const message = `${pathOf(file)}: tensor ${shown(name)} needs ${byteLength} bytes, more memory than there is.`;
    throw new error("unsupported", message, { cause });
  }
}

/** A tensor that an index promises in one file and that is in another, or nowhere, is of another model. */
function checkPromises(
  { promised, index }: Shards,
  entries: ReadonlyMap<string, TensorEntry>,
  format: WeightFormat,
): void {
  for (const [name, file] of promised) {
    const found = entries.get(name)?.file.href;
    if (found === file.href || !index) continue;
    const where = `${pathOf(index)} puts tensor ${shown(name)} into ${pathOf(file)}, which does not hold it`;
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
