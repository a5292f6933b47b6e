import type { FileHandle } from "node:fs/promises";
import { type CheckedBytes, shown } from "@mlan/safetensors";
import { type Entry, fromFdPromise, type ZipFile } from "yauzl";
import { damaged, PytorchFileError, unsupported } from "./errors.ts";

/** Large models have about a thousand tensors, mixtures of experts some ten thousand. */
const MOST_RECORDS = 1_000_000;
const STORED = 0;

/** Where the records of a zip archive are in its file, by name. Throws for records that are packed, encrypted, doubled or cut short. */
export async function zipRecords(handle: FileHandle, file: URL): Promise<ReadonlyMap<string, CheckedBytes>> {
  const records = new Map<string, CheckedBytes>();
  try {
    const zip = await fromFdPromise(handle.fd, { autoClose: false });
    if (zip.entryCount > MOST_RECORDS) throw damaged(file, `it claims ${zip.entryCount} records`);
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      if (records.has(name)) throw damaged(file, `it holds the record ${shown(name)} twice`);
      records.set(name, await placeOf(entry, zip, file));
    }
  } catch (cause) {
    if (PytorchFileError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
    throw damaged(file, `its list of records cannot be read (${reason}); most likely it was cut short`, { cause });
  }
  return records;
}

async function placeOf(entry: Entry, zip: ZipFile, file: URL): Promise<CheckedBytes> {
  const record = `the record ${shown(entry.fileName)}`;
  if (entry.isEncrypted() || entry.compressionMethod !== STORED) {
    throw unsupported(file, `has ${record} packed, which PyTorch never writes`, "Take the file as torch.save wrote it");
  }
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const end = fileDataStart + entry.uncompressedSize;
  if (end > zip.fileSize) throw damaged(file, `${record} ends at byte ${end}, the file at ${zip.fileSize}`);
  return { offset: fileDataStart, byteLength: entry.uncompressedSize, crc32: entry.crc32 };
}
