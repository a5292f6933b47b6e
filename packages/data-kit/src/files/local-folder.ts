import { MlanError } from "@mlan/core";
import { readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "./checksum.ts";
import { type Files, type FileSource, matches } from "./file-source.ts";

/**
 * Files of a folder on this machine, or one file alone, whatever its name (the folder is then its parent). Opening throws an
 * `invalid-data` error when there is no such folder or file.
 */
export function localFolder(speaker: string, folderOrFile: URL): FileSource {
  const place = fileURLToPath(folderOrFile);
  return {
    place,
    async open() {
      const status = await stat(folderOrFile).catch(() => undefined);
      if (!status) {
        const message = `${speaker}: there is no folder or file ${place}; give one that exists.`;
        throw new MlanError("invalid-data", message);
      }
      return status.isDirectory() ? filesOf(place, asFolder(folderOrFile)) : singleFile(place, folderOrFile);
    },
  };
}

function filesOf(place: string, folder: URL): Files {
  return {
    place,
    folder,
    async match(pattern) {
      const parent = pattern.slice(0, pattern.lastIndexOf("/") + 1);
      const names = await readdir(urlOf(folder, parent)).catch(() => []);
      return names
        .map((name) => parent + name)
        .filter((path) => matches(path, pattern))
        .toSorted();
    },
    local: (path) => Promise.resolve(urlOf(folder, path)),
    checksum: (path) => sha256OfFile(urlOf(folder, path)),
  };
}

/** Answers to every pattern of its own kind, so that a file of any name can be read. */
function singleFile(place: string, file: URL): Files {
  const folder = new URL("./", file);
  const name = decodeURIComponent(file.pathname.slice(folder.pathname.length));
  const extension = name.slice(name.lastIndexOf("."));
  return {
    ...filesOf(place, folder),
    match: (pattern) => Promise.resolve(pattern.endsWith(extension) ? [name] : []),
  };
}

function asFolder(url: URL): URL {
  return url.href.endsWith("/") ? url : new URL(`${url.href}/`);
}

function urlOf(folder: URL, path: string): URL {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), folder);
}
