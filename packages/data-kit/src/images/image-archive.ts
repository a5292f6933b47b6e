import { messageOf, MlanError, pathOf, shownValue } from "@mlan/core";
import type { Entry } from "yauzl";
import { checkImageName, plainName, spellings } from "./image-name.ts";
import type { ImageStore } from "./image-store.ts";
import { openZip, type ZipArchive } from "./zip-file.ts";

/**
 * Returns the images of a zip archive. Images are read without unpacking the archive, and verified by their checksums.
 * Names may omit the folders that all images share. The archive is opened at the first read.
 */
export function imageArchive(errorPrefix: string, file: URL): ImageStore {
  let opened: Promise<Archive> | undefined;
  const open = (): Promise<Archive> =>
    (opened ??= openZip(file)
      .then(withNames)
      .catch((error: unknown) => {
        // The next read tries again.
        opened = undefined;
        throw error;
      }));
  return {
    image(name) {
      checkImageName(name, errorPrefix);
      const place = pathOf(file);
      const inArchive = async <Result>(use: (zip: ZipArchive, entry: Entry) => Result): Promise<Awaited<Result>> => {
        try {
          const archive = await open();
          const entry = entryOf(archive, name);
          if (!entry) throw missing(errorPrefix, name, place, archive);
          return await use(archive.zip, entry);
        } catch (cause) {
          if (MlanError.is(cause)) throw cause;
          const message = `${errorPrefix}: image ${shownValue(name)} cannot be read from ${place}: ${messageOf(cause)}.`;
          throw new MlanError("invalid-data", message, { cause });
        }
      };
      return {
        name,
        read: () => inArchive((zip, entry) => zip.read(entry)),
        find: () =>
          inArchive((_, { crc32, uncompressedSize }) => {
            const content = `crc32 ${crc32}, ${uncompressedSize} bytes`;
            return { stamp: content, digest: content };
          }),
      };
    },
  };
}

interface Archive {
  readonly zip: ZipArchive;
  /** Entries by plain name, also in composed Unicode form. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Every prefix of the folder path that all images share: "", the first folder, the first two folders, ... */
  readonly folders: readonly string[];
}

function withNames(zip: ZipArchive): Archive {
  const entries = new Map<string, Entry>();
  for (const entry of zip.entries) {
    const name = plainName(entry.fileName);
    const composed = name.normalize("NFC");
    if (composed !== name && !entries.has(composed)) entries.set(composed, entry);
    entries.set(name, entry);
  }
  return { zip, entries, folders: sharedFolders([...entries.keys()].filter((name) => !isSystemFile(name))) };
}

/** Files that macOS and Windows add to an archive. */
function isSystemFile(name: string): boolean {
  return name.startsWith("__MACOSX/") || /(?:^|\/)(?:\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(name);
}

function sharedFolders(names: readonly string[]): readonly string[] {
  let shared = names[0]?.split("/").slice(0, -1) ?? [];
  for (const name of names) {
    if (shared.length === 0) break;
    const segments = name.split("/").slice(0, -1);
    const length = shared.findIndex((segment, index) => segment !== segments[index]);
    if (length >= 0) shared = shared.slice(0, length);
  }
  return ["", ...shared.map((_, index) => `${shared.slice(0, index + 1).join("/")}/`)];
}

function entryOf({ entries, folders }: Archive, name: string): Entry | undefined {
  for (const folder of folders) {
    for (const spelling of spellings(plainName(name))) {
      const entry = entries.get(folder + spelling);
      if (entry) return entry;
    }
  }
  return undefined;
}

const LISTED = 5;

function missing(errorPrefix: string, name: string, place: string, { zip }: Archive): MlanError {
  const names = zip.entries.map(({ fileName }) => fileName).filter((fileName) => !isSystemFile(fileName));
  const listed = names.slice(0, LISTED).map((fileName) => fileName.slice(0, 100));
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : "";
  const found = names.length === 0 ? "no files" : `${listed.join(", ")}${more}`;
  return new MlanError(
    "invalid-data",
    `${errorPrefix}: there is no image ${shownValue(name)} in ${place}, which holds ${found}; correct the name, or give the archive that has it.`,
  );
}
