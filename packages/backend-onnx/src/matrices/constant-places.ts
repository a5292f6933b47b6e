import { realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { InitializerPlace } from "../graph/onnx-writer.ts";
import type { FilePlace } from "./matrix-source.ts";

/** Where ONNX Runtime reads constants that are in existing files of one folder. */
export interface ConstantPlaces {
  readonly folder: string;
  readonly all: readonly ConstantPlace[];
  /** Equal for places of equal content. */
  readonly key: string;
  /** Returns whether no file has been removed, replaced or changed since. */
  areCurrent(): boolean;
}

interface ConstantPlace {
  /** The real path of the file. */
  readonly path: string;
  readonly place: Omit<InitializerPlace, "length">;
}

/** Returns undefined unless all sources are in existing files of one folder with ASCII paths. */
export function constantPlaces(sources: readonly unknown[]): ConstantPlaces | undefined {
  if (!sources.every(isFilePlace)) return undefined;
  const versions = sources.map(({ file }) => versionOf(file));
  if (versions.includes(undefined)) return undefined;
  const all = sources.map(({ file, byteOffset: offset }) => {
    const path = realpathSync(file);
    return { path, place: { location: basename(path), offset } };
  });
  const [folder, ...others] = new Set(all.map(({ path }) => dirname(path)));
  // Models and options are written in ASCII.
  if (folder === undefined || others.length > 0 || !all.every(({ path }) => /^[\x20-\x7e]+$/.test(path)))
    return undefined;
  return {
    folder,
    all,
    key: all.map(({ place: { offset } }, index) => `${versions[index]} ${offset}`).join(),
    areCurrent: () => all.every(({ path }, index) => versionOf(path) === versions[index]),
  };
}

function isFilePlace(source: unknown): source is FilePlace {
  return typeof source === "object" && source !== null && "file" in source;
}

/** Returns what differs for another file, or for another content of a file; undefined without a file. */
function versionOf(file: string | URL): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && [found.dev, found.ino, found.size, found.mtimeNs].join(":");
}
