import { type FileHandle, open, readdir, readFile, stat } from "node:fs/promises";
import { toFloat32, toInt32 } from "./dtype.ts";
import { pathOf, SafetensorsError } from "./errors.ts";
import { readHeader, type TensorEntry } from "./header.ts";

/** Tensors of one file or of all shards of a folder, read one at a time. */
export interface SafetensorsReader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** A floating-point tensor (F32, F16, BF16, F64) as float32, row-major. */
  read(name: string): Promise<Float32Array>;
  /** An integer tensor (I32, I64) as int32, row-major. */
  readInt32(name: string): Promise<Int32Array>;
  close(): Promise<void>;
}

const INDEX_FILE = "model.safetensors.index.json";

/**
 * Opens a `*.safetensors` file, or a folder: the shards that `model.safetensors.index.json` names, else every
 * `*.safetensors` in it. Headers are checked against the files before anything is read.
 * Throws a {@link SafetensorsError} that names the file.
 */
export async function openSafetensors(fileOrFolder: URL): Promise<SafetensorsReader> {
  const handles = new Map<string, FileHandle>();
  const close = async (): Promise<void> => {
    await Promise.all([...handles.values()].map((handle) => handle.close()));
    handles.clear();
  };
  try {
    const entries = new Map<string, TensorEntry>();
    for (const file of await filesOf(fileOrFolder)) {
      const handle = await openFile(file);
      handles.set(file.href, handle);
      for (const entry of await readHeader(handle, file)) addEntry(entries, entry);
    }
    return reader(entries, handles, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function reader(
  entries: ReadonlyMap<string, TensorEntry>,
  handles: ReadonlyMap<string, FileHandle>,
  close: () => Promise<void>,
): SafetensorsReader {
  const bytesOf = async (name: string): Promise<{ entry: TensorEntry; bytes: Uint8Array }> => {
    const entry = entries.get(name);
    if (!entry) throw new SafetensorsError("missing", `there is no tensor "${name}".`);
    const handle = handles.get(entry.file.href);
    if (!handle) throw new SafetensorsError("missing", `"${name}" was read after close().`);
    return { entry, bytes: await readBytes(handle, entry) };
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

/** One read call takes at most 2 GiB on Linux, so a large tensor takes several. */
async function readBytes(handle: FileHandle, entry: TensorEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.byteLength);
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, 1 << 30);
    const { bytesRead } = await handle.read(bytes, done, length, entry.offset + done);
    if (bytesRead === 0) {
      throw new SafetensorsError("damaged", `${pathOf(entry.file)} became shorter while "${entry.name}" was read.`);
    }
    done += bytesRead;
  }
  return bytes;
}

function addEntry(entries: Map<string, TensorEntry>, entry: TensorEntry): void {
  const other = entries.get(entry.name);
  if (other) {
    throw new SafetensorsError(
      "damaged",
      `tensor "${entry.name}" stands in ${pathOf(other.file)} and in ${pathOf(entry.file)}. Keep one of the files.`,
    );
  }
  entries.set(entry.name, entry);
}

async function openFile(file: URL): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    throw new SafetensorsError("missing", `${pathOf(file)} cannot be opened. Check the path and the download.`, {
      cause,
    });
  }
}

async function filesOf(fileOrFolder: URL): Promise<readonly URL[]> {
  const found = await stat(fileOrFolder).catch((cause: unknown) => {
    throw new SafetensorsError("missing", `${pathOf(fileOrFolder)} does not exist. Check the path and the download.`, {
      cause,
    });
  });
  if (!found.isDirectory()) return [fileOrFolder];
  const folder = fileOrFolder.href.endsWith("/") ? fileOrFolder : new URL(`${fileOrFolder.href}/`);
  const names = await readdir(folder);
  const shards = names.includes(INDEX_FILE)
    ? await shardsOf(new URL(INDEX_FILE, folder))
    : names.filter((name) => name.endsWith(".safetensors")).toSorted();
  if (shards.length === 0) {
    throw new SafetensorsError(
      "missing",
      `${pathOf(folder)} holds no *.safetensors file. Only safetensors weights are read.`,
    );
  }
  return shards.map((name) => new URL(encodeURIComponent(name), folder));
}

async function shardsOf(index: URL): Promise<readonly string[]> {
  try {
    const { weight_map: weights }: { weight_map?: unknown } = Object(JSON.parse(await readFile(index, "utf8")));
    const names = Object.values(Object(weights)).filter((name) => typeof name === "string");
    if (names.length > 0) return [...new Set(names)].toSorted();
  } catch (cause) {
    throw new SafetensorsError("damaged", `${pathOf(index)} is no JSON. Download it again.`, { cause });
  }
  throw new SafetensorsError("damaged", `${pathOf(index)} names no shards in "weight_map". Download it again.`);
}
