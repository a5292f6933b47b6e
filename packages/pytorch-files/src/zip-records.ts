import { messageOf } from "@mlan/errors";
import type { FileHandle } from "node:fs/promises";
import { type CheckedBytes, shown } from "@mlan/safetensors";
import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from "yauzl";
import { damaged, PytorchFileError } from "./errors.ts";
import { ZipRanges } from "./zip-ranges.ts";

export interface ZipRecord extends CheckedBytes {
  /** Whether the record is compressed or encrypted, so that its bytes are not its content. */
  readonly isPacked: boolean;
}

/**
 * Maximum number of records in an archive. Large models have about a thousand tensors, mixtures of experts about ten
 * thousand.
 */
const MOST_RECORDS = 100_000;
const STORED = 0;

/** Returns the locations of a zip archive's records in its file, by name. Throws for duplicate or truncated records. */
export async function zipRecords(handle: FileHandle, file: URL): Promise<ReadonlyMap<string, ZipRecord>> {
  const records = new Map<string, ZipRecord>();
  try {
    const { size } = await handle.stat();
    const zip = await fromRandomAccessReaderPromise(new ZipRanges(handle, size), size, { autoClose: false });
    if (zip.entryCount > MOST_RECORDS)
      throw damaged(file, `it claims ${zip.entryCount} records, more than any model has tensors`);
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    for (const entry of entries) {
      const name = entry.fileName;
      if (records.has(name)) throw damaged(file, `it contains the record ${shown(name)} twice`);
      records.set(name, await placeOf(entry, zip, file));
    }
  } catch (cause) {
    if (PytorchFileError.is(cause)) throw cause;
    const reason = messageOf(cause).replace(/\.$/, "");
    throw damaged(file, `its list of records cannot be read (${reason}); it was probably truncated`, { cause });
  }
  return records;
}

async function placeOf(entry: Entry, zip: ZipFile, file: URL): Promise<ZipRecord> {
  const { fileDataStart: offset } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const isPacked = entry.isEncrypted() || entry.compressionMethod !== STORED;
  const byteLength = isPacked ? entry.compressedSize : entry.uncompressedSize;
  const end = offset + byteLength;
  if (end > zip.fileSize) {
    throw damaged(
      file,
      `the record ${shown(entry.fileName)} ends at byte ${end}, but the file ends at ${zip.fileSize}`,
    );
  }
  return { offset, byteLength, crc32: entry.crc32, isPacked };
}
