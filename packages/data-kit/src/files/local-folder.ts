import { messageOf, MlanError, pathOf } from "@mlan/core";
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename } from "node:path";
import { sha256OfFile } from "./checksum.ts";
import { type Files, type FileSource, matching } from "./file-source.ts";

/**
 * Files of a folder on this machine, or one file alone, whatever its name (the folder is then its parent). Opening throws
 * an `invalid-data` error when there is no such folder or file, and an `unavailable` one, with the reason, when it cannot
 * be read.
 */
export function localFolder(speaker: string, folderOrFile: URL): FileSource {
  const place = pathOf(folderOrFile);
  return {
    place,
    async open() {
      if (folderOrFile.protocol !== "file:" || place === folderOrFile.href) {
        const message = `${speaker}: ${place} is an address and no folder or file of this machine; give a path on it.`;
        throw new MlanError("invalid-options", message);
      }
      const status = await stat(folderOrFile).catch((cause: unknown) => {
        if (!isMissing(cause)) throw unreadable(speaker, place, cause);
        const message = `${speaker}: there is no folder or file ${place}; give one that exists.`;
        throw new MlanError("invalid-data", message, { cause });
      });
      if (status.isDirectory()) return filesOf(speaker, place, asFolder(folderOrFile));
      if (status.isFile()) return singleFile(speaker, place, folderOrFile);
      throw new MlanError("invalid-data", `${speaker}: ${place} is neither a folder nor a file with content.`);
    },
  };
}

function filesOf(speaker: string, place: string, folder: URL): Files {
  return {
    place,
    folder,
    async match(pattern) {
      const parent = pattern.slice(0, pattern.lastIndexOf("/") + 1);
      const url = urlOf(folder, parent);
      const entries = await readdir(url, { withFileTypes: true }).catch((cause: unknown): Dirent[] => {
        if (isMissing(cause)) return [];
        throw unreadable(speaker, pathOf(url), cause);
      });
      const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => parent + name);
      return matching(names, pattern);
    },
    local: (path) => Promise.resolve(urlOf(folder, path)),
    async checksum(path) {
      const file = urlOf(folder, path);
      return sha256OfFile(file).catch((cause: unknown) => {
        throw unreadable(speaker, pathOf(file), cause);
      });
    },
  };
}

/** Answers to every pattern, so that a file of any name can be read. */
function singleFile(speaker: string, place: string, file: URL): Files {
  const folder = new URL("./", file);
  return { ...filesOf(speaker, place, folder), match: () => Promise.resolve([basename(place)]) };
}

function unreadable(speaker: string, place: string, cause: unknown): MlanError {
  return new MlanError("unavailable", `${speaker}: ${place} cannot be read (${messageOf(cause)}).`, { cause });
}

function isMissing(cause: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(Object(cause).code);
}

function asFolder(url: URL): URL {
  return url.href.endsWith("/") ? url : new URL(`${url.href}/`);
}

function urlOf(folder: URL, path: string): URL {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), folder);
}
