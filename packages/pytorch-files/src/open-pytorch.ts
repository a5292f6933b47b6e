import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { pathOf } from "@mlan/errors";
import {
  type CheckedBytes,
  foreignFormat,
  listed,
  openWeightFiles,
  readBytes,
  type SafetensorsReader,
  shown,
  type TensorEntry,
  type WeightFormat,
} from "@mlan/safetensors";
import { damaged, PytorchFileError, unsupported } from "./errors.ts";
import { pickleWorld, SAVE_STATE_DICT } from "./pickle-names.ts";
import { stateDict } from "./state-dict.ts";
import { tensorEntry } from "./tensor-entry.ts";
import { unpickle } from "./unpickle.ts";
import { zipRecords } from "./zip-records.ts";

const SINGLE_FILE = "pytorch_model.bin";
const INDEX_FILE = "pytorch_model.bin.index.json";

/**
 * Opens a state dict that `torch.save` wrote (PyTorch 1.6 or newer), such as `pytorch_model.bin` or `mm_projector.bin`.
 * In a folder, opens `pytorch_model.bin`, or else the shards listed in `pytorch_model.bin.index.json`. Only the lists
 * of tensors are read at first. Code in a file is never run. Throws {@link PytorchFileError} with the file.
 */
export function openPytorch(fileOrFolder: URL): Promise<SafetensorsReader> {
  return openWeightFiles(fileOrFolder, PYTORCH);
}

const PYTORCH: WeightFormat = {
  fileKind: "file of torch.save",
  singleFile: SINGLE_FILE,
  indexFile: INDEX_FILE,
  error: PytorchFileError,
  readEntries,
  otherFiles: (folder, names) => {
    if (names.includes(SINGLE_FILE)) return [SINGLE_FILE];
    const shards = names.filter((name) => /^pytorch_model-.*\.bin$/.test(name));
    const problem =
      shards.length > 0
        ? `contains ${listed(shards)} without ${INDEX_FILE}, which lists their tensors. Download it too`
        : `contains no ${SINGLE_FILE}, but ${listed(names)}. If the weights are in one of these, pass the path of that file`;
    throw new PytorchFileError("missing", `${pathOf(folder)} ${problem}.`);
  },
};

async function readEntries(handle: FileHandle, file: URL): Promise<readonly TensorEntry[]> {
  await checkStart(handle, file);
  const records = await zipRecords(handle, file);
  const archive = archiveOf(records, file);
  const record = (name: string): CheckedBytes | undefined => {
    const found = records.get(`${archive}/${name}`);
    if (!found?.isPacked) return found;
    throw unsupported(
      file,
      `has a compressed or encrypted record ${shown(name)}, which torch.save never writes`,
      "Use the file as torch.save wrote it",
    );
  };
  const order = record("byteorder");
  const byteOrder = order ? Buffer.from(await readRecord(handle, order, file)).toString("latin1") : "little";
  if (byteOrder === "big") {
    throw unsupported(file, "contains big-endian numbers", `Load and save it on a little-endian machine: ${RESAVE}`);
  }
  if (byteOrder !== "little") throw damaged(file, `its byte order is ${shown(byteOrder)}`);
  const pickle = record("data.pkl");
  if (!pickle) throw damaged(file, "it contains no data.pkl");
  const value = unpickle(await readRecord(handle, pickle, file), pickleWorld(file));
  return [...stateDict(value, file)].map(([name, view]) =>
    tensorEntry(name, view, record(`data/${view.storage.key}`), file),
  );
}

/** Returns the folder inside the archive that holds all records. */
function archiveOf(records: ReadonlyMap<string, CheckedBytes>, file: URL): string {
  const archives = [...records.keys()].flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? []);
  const [archive] = archives;
  if (archive === undefined || archives.length > 1) {
    const what = `is a zip archive, but not one that torch.save wrote: it contains ${listed([...records.keys()])}`;
    throw unsupported(file, what, "Unpack it if the weights are inside");
  }
  if (!records.has(`${archive}/constants.pkl`)) return archive;
  const remedy = 'In Python: torch.save(torch.jit.load(file).state_dict(), "pytorch_model.bin")';
  throw unsupported(file, "is a TorchScript program", remedy);
}

/**
 * Maximum size of a list of tensors in bytes. The lists of the largest models have a few megabytes. Parsing a list
 * takes a hundred times its size in memory.
 */
const LARGEST_RECORD = 2 ** 24;

async function readRecord(handle: FileHandle, record: CheckedBytes, file: URL): Promise<Uint8Array> {
  const { offset, byteLength } = record;
  if (byteLength > LARGEST_RECORD)
    throw damaged(file, `its list of tensors has ${byteLength} bytes; at most ${LARGEST_RECORD} are read`);
  const bytes = new Uint8Array(byteLength);
  await readBytes(handle, { bytes, position: offset }, () => damaged(file, "it became shorter while it was read"));
  if (record.crc32 === 0 || record.crc32 === crc32(bytes)) return bytes;
  throw damaged(file, "its list of tensors does not match its checksum");
}

const START_BYTES = 512;
const RESAVE = "torch.save(torch.load(file, weights_only=True), file)";
/** The first bytes of files from PyTorch before version 1.6: protocol 2, and an integer of 10 bytes. */
const LEGACY = Buffer.from("80028a0a6cfc9c46f9206aa85019", "hex");

/** Throws if the first bytes belong to another format. */
async function checkStart(handle: FileHandle, file: URL): Promise<void> {
  const { size } = await handle.stat();
  if (size === 0) throw damaged(file, "it is empty");
  const start = Buffer.alloc(Math.min(size, START_BYTES));
  await readBytes(handle, { bytes: start, position: 0 }, () => damaged(file, "it became shorter while it was read"));
  const foreign = foreignFormat(start);
  if (foreign) throw new PytorchFileError("damaged", `${pathOf(file)} ${foreign}.`);
  if (start.toString("latin1", 0, 4) === "PK\u0003\u0004") return;
  if (start.subarray(0, LEGACY.length).equals(LEGACY) || start.toString("latin1", 257, 262) === "ustar") {
    const what = "has the format of PyTorch before version 1.6";
    throw unsupported(file, what, `Load and save it with a newer version: ${RESAVE}`);
  }
  if (start[0] === 0x80) throw unsupported(file, "is a pickle that torch.save did not write", SAVE_STATE_DICT);
  if (start[8] === 0x7b) throw unsupported(file, "is a safetensors file", "Rename it to model.safetensors");
  throw damaged(file, "it does not begin like a file that torch.save wrote");
}
