import { messageOf, MlanError } from "@mlan/core";
import { statSync } from "node:fs";
import { text } from "node:stream/consumers";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import type { Readable } from "node:stream";

export interface WheelArchive extends Disposable {
  /** Files by their names in the wheel. All names are relative and without "..". */
  readonly entries: ReadonlyMap<string, Entry>;
  read(name: string): Promise<Readable>;
  /** Returns the text of the file `*.dist-info/NAME`; empty if there is none. */
  information(name: string): Promise<string>;
}

/**
 * Opens a wheel. Throws `invalid-options` for a missing file, `invalid-data` for a file that is not a zip archive or is
 * truncated.
 */
export async function openWheel(file: string): Promise<WheelArchive> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new MlanError("invalid-options", `There is no file ${file}. ${DOWNLOAD}`);
  if (!found.isFile()) throw new MlanError("invalid-options", `${file} is not a file. ${DOWNLOAD}`);
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    const entries = new Map<string, Entry>();
    // yauzl rejects absolute names and names with "..".
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith("/")) entries.set(entry.fileName, entry);
    return wheelArchive(zip, entries);
  } catch (cause) {
    zip?.close();
    throw damagedWheel(file, cause);
  }
}

export function damagedWheel(file: string, cause: unknown): MlanError {
  const { size } = statSync(file);
  const message = `${file} (${size} bytes) is not a complete wheel: ${messageOf(cause).replace(/\.$/, "")}. Was the download cut short? ${DOWNLOAD}`;
  return new MlanError("invalid-data", message, { cause });
}

/** The command that downloads a wheel. */
export const DOWNLOAD = "Download one: pip download --no-deps tensorflow";

function wheelArchive(zip: ZipFile, entries: ReadonlyMap<string, Entry>): WheelArchive {
  const read = async (name: string): Promise<Readable> => {
    const entry = entries.get(name);
    if (entry === undefined) throw new Error(`it has no ${name}`);
    return zip.openReadStreamPromise(entry);
  };
  return {
    entries,
    read,
    async information(name) {
      const path = [...entries.keys()].find((entry) => new RegExp(`^[^/]+\\.dist-info/${name}$`).test(entry));
      return path === undefined ? "" : text(await read(path));
    },
    [Symbol.dispose]: () => zip.close(),
  };
}
