import { messageOf, MlanError } from "@mlan/core";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { checkImageName } from "./image-reference.ts";
import type { ImageStore } from "./image-store.ts";

/**
 * Images of a zip archive, read one by one without unpacking it. Where all entries lie in one folder, names may leave
 * it out. The archive is opened at the first read.
 */
export function imageArchive(speaker: string, file: URL): ImageStore {
  let opened: Promise<Archive> | undefined;
  return {
    image(name) {
      checkImageName(name, speaker);
      return {
        name,
        async read() {
          opened ??= openArchive(file);
          const place = fileURLToPath(file);
          try {
            const { zip, entries } = await opened;
            const entry = entries.get(name);
            if (entry) return await buffer(await zip.openReadStreamPromise(entry));
          } catch (cause) {
            const message = `${speaker}: image "${name}" cannot be read from ${place} (${messageOf(cause)}); is the archive whole?`;
            throw new MlanError("invalid-data", message, { cause });
          }
          throw new MlanError("invalid-data", `${speaker}: there is no image "${name}" in ${place}.`);
        },
      };
    },
  };
}

interface Archive {
  readonly zip: ZipFile;
  readonly entries: ReadonlyMap<string, Entry>;
}

async function openArchive(file: URL): Promise<Archive> {
  const zip = await openPromise(fileURLToPath(file), { lazyEntries: true, autoClose: false });
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith("/")) entries.set(entry.fileName, entry);
  return { zip, entries: withoutSharedFolder(entries) };
}

function withoutSharedFolder(entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> {
  const tops = new Set([...entries.keys()].map((name) => name.slice(0, name.indexOf("/") + 1)));
  const [top] = tops;
  if (tops.size !== 1 || top === undefined || top === "") return entries;
  return new Map(
    [...entries].flatMap(([name, entry]) => [
      [name, entry],
      [name.slice(top.length), entry],
    ]),
  );
}
