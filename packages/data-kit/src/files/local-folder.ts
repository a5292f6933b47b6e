import { type Location, messageOf, MlanError, pathOf, toFileUrl, toFolderUrl, sha256OfFile } from "@mlan/core";
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename } from "node:path";
import { type Files, type FileSource, matching, patternOf } from "./file-source.ts";

/**
 * Returns the files of a local folder, or a single file of any name. All errors begin with `errorPrefix`. Throws
 * `invalid-options` for a value that is neither a path nor a `file:` URL. Opening throws `invalid-data` when there is
 * no such folder or file, and `unavailable`, with the reason, when it cannot be read.
 */
export function localFolder(errorPrefix: string, folderOrFile: Location): FileSource {
  const place = pathOf(toFileUrl(folderOrFile));
  const url = withoutSlash(toFileUrl(folderOrFile));
  return {
    place,
    async open() {
      const status = await stat(url).catch((cause: unknown) => {
        if (!isMissing(cause)) throw unreadable(errorPrefix, place, cause);
        const message = `${errorPrefix}: there is no folder or file ${place}; give one that exists.`;
        throw new MlanError("invalid-data", message, { cause });
      });
      if (status.isDirectory()) return filesOf(errorPrefix, place, toFolderUrl(url));
      if (status.isFile()) return singleFile(errorPrefix, url);
      throw new MlanError("invalid-data", `${errorPrefix}: ${place} is neither a folder nor a file with content.`);
    },
  };
}

function filesOf(errorPrefix: string, place: string, folder: URL): Files {
  return {
    place,
    folder,
    async match(pattern) {
      const parents = await foldersOf(errorPrefix, folder, pattern.split("/").slice(0, -1));
      const found = await Promise.all(
        parents.map(async (parent) => {
          const entries = await entriesOf(errorPrefix, urlOf(folder, parent));
          return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => parent + name);
        }),
      );
      return matching(found.flat(), pattern);
    },
    local: (path) => Promise.resolve(urlOf(folder, path)),
    async checksum(path) {
      const file = urlOf(folder, path);
      return sha256OfFile(file).catch((cause: unknown) => {
        throw unreadable(errorPrefix, pathOf(file), cause);
      });
    },
  };
}

/** Returns the folders below `root` that match these segments of a pattern: "", or a path with a slash at its end. */
async function foldersOf(errorPrefix: string, root: URL, segments: readonly string[]): Promise<readonly string[]> {
  let parents: readonly string[] = [""];
  for (const segment of segments) {
    if (!segment.includes("*")) {
      parents = parents.map((parent) => `${parent}${segment}/`);
      continue;
    }
    const matches = patternOf(segment);
    const below = parents.map(async (parent) => {
      const entries = await entriesOf(errorPrefix, urlOf(root, parent));
      // A link to a file has no entries.
      const folders = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
      return folders.filter(({ name }) => matches.test(name)).map(({ name }) => `${parent}${name}/`);
    });
    parents = (await Promise.all(below)).flat();
  }
  return parents;
}

/** Returns the entries of a folder, or none if it does not exist. */
async function entriesOf(errorPrefix: string, folder: URL): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw unreadable(errorPrefix, pathOf(folder), cause);
  });
}

/** Returns a single file as the match of every pattern, so that a file of any name can be read. */
function singleFile(errorPrefix: string, file: URL): Files {
  const folder = new URL("./", file);
  return { ...filesOf(errorPrefix, pathOf(folder), folder), match: () => Promise.resolve([basename(pathOf(file))]) };
}

function unreadable(errorPrefix: string, place: string, cause: unknown): MlanError {
  return new MlanError("unavailable", `${errorPrefix}: ${place} cannot be read (${messageOf(cause)}).`, { cause });
}

function isMissing(cause: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(Object(cause).code);
}

/** Removes a slash at the end, so that the location of a file may end in a slash. */
function withoutSlash(url: URL): URL {
  const href = url.href.replace(/\/+$/, "");
  return href === "file:" ? url : new URL(href);
}

function urlOf(folder: URL, path: string): URL {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), folder);
}
