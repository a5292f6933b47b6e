import { pathOf } from "@mlan/core";
import { open } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from "yauzl";
import { FileRanges } from "./file-ranges.ts";
import { MOST_IMAGE_BYTES } from "./image-name.ts";

export interface ZipArchive {
  readonly entries: readonly Entry[];
  /** Returns the bytes of an entry. Throws an Error for an entry that is too large, encrypted, or damaged. */
  read(entry: Entry): Promise<Uint8Array>;
}

/** Maximum number of entries. Their names are kept in memory. */
const MOST_ENTRIES = 2_000_000;

/**
 * Opens a zip archive. Throws an Error for a file that is not a zip archive, is truncated, or has overlapping entries,
 * as zip bombs do. The file is open only during reads, so an archive need not be closed.
 */
export async function openZip(file: URL): Promise<ZipArchive> {
  const ranges = new FileRanges(fileURLToPath(file));
  return ranges.withOpenFile(async (bytes) => {
    const zip = await fromRandomAccessReaderPromise(ranges, bytes, { autoClose: false }).catch(async (cause: unknown) =>
      Promise.reject((await pointerError(file)) ?? cause),
    );
    if (zip.entryCount > MOST_ENTRIES) {
      throw new Error(
        `it has ${zip.entryCount} entries, but at most ${MOST_ENTRIES} are supported; unpack it to a folder`,
      );
    }
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    checkPlaces(entries, zip, pathOf(file));
    return {
      entries: entries.filter(({ fileName }) => !fileName.endsWith("/")),
      read: (entry) => readEntry(zip, entry),
    };
  });
}

async function pointerError(file: URL): Promise<Error | undefined> {
  const mark = Buffer.from("version https://git-lfs");
  const handle = await open(file).catch(() => undefined);
  const { buffer: head } =
    (await handle?.read(Buffer.alloc(mark.length), 0, mark.length, 0).catch(() => undefined)) ?? {};
  await handle?.close();
  return head?.equals(mark) ? new Error("it is a Git LFS pointer; fetch the archive with `git lfs pull`") : undefined;
}

/** Size of a local header in bytes, without the name. */
const LOCAL_HEADER = 30;

function checkPlaces(entries: readonly Entry[], { fileSize }: ZipFile, place: string): void {
  const inOrder = entries.toSorted((one, other) => one.relativeOffsetOfLocalHeader - other.relativeOffsetOfLocalHeader);
  for (const [index, entry] of inOrder.entries()) {
    const { relativeOffsetOfLocalHeader: start, compressedSize, fileNameLength, fileName } = entry;
    const end = start + LOCAL_HEADER + fileNameLength + compressedSize;
    const next = inOrder[index + 1]?.relativeOffsetOfLocalHeader;
    if (end > fileSize) throw new Error(`"${fileName}" ends beyond the end of ${place}, which was truncated`);
    if (next !== undefined && end > next) throw new Error(`"${fileName}" overlaps the next entry`);
  }
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  if (entry.isEncrypted()) throw new Error("it is encrypted; unpack it to a folder");
  if (entry.uncompressedSize > MOST_IMAGE_BYTES) {
    throw new Error(`it has ${entry.uncompressedSize} bytes unpacked, and images may have up to ${MOST_IMAGE_BYTES}`);
  }
  const bytes = await buffer(await zip.openReadStreamPromise(entry));
  if (crc32(bytes) === entry.crc32) return bytes;
  throw new Error("its checksum is wrong: the archive is damaged");
}
