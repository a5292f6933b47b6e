import type { FileHandle } from "node:fs/promises";
import { toFloat32, toInt32 } from "./dtype.ts";
import { pathOf, SafetensorsError, shown } from "./errors.ts";
import { readHeader, type TensorEntry } from "./header.ts";
import { openFile } from "./open-file.ts";
import { type Shards, shardsOf } from "./shards.ts";

/** Tensors of one file or of all shards of a folder, read one at a time. */
export interface SafetensorsReader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** A floating-point tensor (F32, F16, BF16, F64) as float32, row-major. */
  read(name: string): Promise<Float32Array>;
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
  const bytesOf = async (name: string): Promise<{ entry: TensorEntry; bytes: Uint8Array }> => {
    const entry = entries.get(name);
    if (!entry) throw new SafetensorsError("missing", `there is no tensor ${shown(name)}.`);
    const file = opened.get(entry.file.href);
    if (!file) throw new SafetensorsError("missing", `${shown(name)} was read after close().`);
    const bytes = await readBytes(file.handle, entry);
    if ((await stateOf(file.handle)) !== file.state) {
      throw new SafetensorsError("damaged", `${pathOf(entry.file)} was changed while it was read. Open it again.`);
    }
    return { entry, bytes };
  };
  return {
    entries,
    async read(name) {
      const { entry, bytes } = await bytesOf(name);
      return toFloat32(entry.dtype, bytes, name);
    },
    async readInt32(name) {
      const { entry, bytes } = await bytesOf(name);
      return toInt32(entry.dtype, bytes, name);
    },
    close,
  };
}

async function stateOf(handle: FileHandle): Promise<string> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return `${size}:${mtimeNs}`;
}

/** One read call takes at most 2 GiB on Linux, so a large tensor takes several. */
async function readBytes(handle: FileHandle, entry: TensorEntry): Promise<Uint8Array> {
  const bytes = allocate(entry);
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, 1 << 30);
    const { bytesRead } = await handle.read(bytes, done, length, entry.offset + done);
    if (bytesRead === 0) {
      throw new SafetensorsError(
        "damaged",
        `${pathOf(entry.file)} became shorter while ${shown(entry.name)} was read.`,
      );
    }
    done += bytesRead;
  }
  return bytes;
}

/** A file can claim more than a machine holds: sparse ones take no room on disk. */
function allocate({ name, file, byteLength }: TensorEntry): Uint8Array {
  try {
    return new Uint8Array(byteLength);
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
