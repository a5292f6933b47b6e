import { readdir, stat } from "node:fs/promises";
import { pathOf, SafetensorsError, shown } from "./errors.ts";
import { cannotOpen, foreignFormat, openFile } from "./open-file.ts";

/** The files that hold a model's tensors. */
export interface Shards {
  readonly files: readonly URL[];
  /** The file of each tensor where an index promises it, by the tensor's name. */
  readonly promised: ReadonlyMap<string, URL>;
  readonly index: URL | undefined;
}

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";
const LARGEST_INDEX = 100_000_000;

/** The file itself; of a folder with an index `model.safetensors`, else the shards that the index names; else every `*.safetensors` in it. */
export async function shardsOf(fileOrFolder: URL): Promise<Shards> {
  const found = await stat(fileOrFolder).catch((cause: unknown) => {
    throw cannotOpen(fileOrFolder, cause);
  });
  if (!found.isDirectory()) return { files: [fileOrFolder], promised: new Map(), index: undefined };
  const folder = fileOrFolder.href.endsWith("/") ? fileOrFolder : new URL(`${fileOrFolder.href}/`);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw cannotOpen(folder, cause);
  });
  // As for transformers, a single file is preferred to shards: of two models in one folder it is the newer one.
  if (names.includes(SINGLE_FILE) && names.includes(INDEX_FILE))
    return { files: [fileIn(folder, SINGLE_FILE)], promised: new Map(), index: undefined };
  if (names.includes(INDEX_FILE)) return indexedShards(new URL(INDEX_FILE, folder), names);
  const files = names.filter((name) => name.endsWith(".safetensors")).toSorted();
  if (files.length === 0) throw noWeights(folder, names);
  return { files: files.map((name) => fileIn(folder, name)), promised: new Map(), index: undefined };
}

async function indexedShards(index: URL, present: readonly string[]): Promise<Shards> {
  const { weight_map: weights }: { weight_map?: unknown } = Object(await readIndex(index));
  const places: [string, unknown][] = Array.isArray(weights) ? [] : Object.entries(Object(weights));
  if (typeof weights !== "object" || places.length === 0) throw damaged(index, 'names no shards in "weight_map"');
  const promised = new Map<string, URL>();
  const files = new Map<string, URL>();
  for (const [tensor, name] of places) {
    if (!isFileName(name)) {
      throw damaged(index, `puts tensor ${shown(tensor)} into ${shown(name)}, which is no file of this folder`);
    }
    const file = files.get(name) ?? fileIn(index, name);
    files.set(name, file);
    promised.set(tensor, file);
  }
  const missing = [...files.keys()].filter((name) => !present.includes(name)).toSorted();
  if (missing.length > 0) {
    const what = `${missing.length} of the ${files.size} files that ${pathOf(index)} names are missing`;
    throw new SafetensorsError(
      "missing",
      `${what}: ${listed(missing)}. Its folder holds ${listed(present)}. Download the missing ones.`,
    );
  }
  return { files: [...files.keys()].toSorted().flatMap((name) => files.get(name) ?? []), promised, index };
}

async function readIndex(index: URL): Promise<unknown> {
  const handle = await openFile(index);
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_INDEX) throw damaged(index, `has ${size} bytes, more than any index needs`);
    const bytes = await handle.readFile();
    const foreign = foreignFormat(bytes.subarray(0, 64));
    if (foreign) throw new SafetensorsError("damaged", `${pathOf(index)} ${foreign}.`);
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    if (SafetensorsError.is(cause)) throw cause;
    throw new SafetensorsError("damaged", `${pathOf(index)} is no JSON. Download it again.`, { cause });
  } finally {
    await handle.close();
  }
}

/** An index of a stranger names files beside itself, and no others. */
function isFileName(name: unknown): name is string {
  return typeof name === "string" && !/^\.{0,2}$|[/\\\0\p{Surrogate}]/u.test(name) && name.length < 256;
}

function fileIn(folder: URL, name: string): URL {
  return new URL(encodeURIComponent(name), folder);
}

function noWeights(folder: URL, names: readonly string[]): SafetensorsError {
  const pickles = names.filter((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  const found =
    pickles.length > 0
      ? `only PyTorch's own files (${listed(pickles)}), which are not read: convert them to safetensors`
      : `${listed(names)}; only safetensors weights are read`;
  return new SafetensorsError("missing", `${pathOf(folder)} holds no *.safetensors file, but ${found}.`);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const rest = names.length > 8 ? ` and ${names.length - 8} more` : "";
  return `${names.toSorted().slice(0, 8).join(", ")}${rest}`;
}

function damaged(index: URL, what: string): SafetensorsError {
  return new SafetensorsError("damaged", `${pathOf(index)} ${what}. Download it again.`);
}
