import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { InstallEnvironment } from "./install-environment.ts";
import { libraryNames } from "./library-names.ts";
import { libraryVersion } from "./library-version.ts";

/** A TensorFlow that the binding can link to. */
export interface TensorFlowLibrary {
  /** The folder of the shared libraries. */
  readonly folder: string;
  /** The shared libraries, in link order. */
  readonly files: readonly string[];
  readonly includeFolder: string;
  /** For example "2.21.0"; "unknown" if it cannot be determined. */
  readonly version: string;
  /** The Python package or archive of the library: "tensorflow", "tensorflow-cpu", "libtensorflow". */
  readonly distribution: string;
}

/** A library, or a sentence that says what is missing. */
export type LibraryAnswer = TensorFlowLibrary | string;

const HEADER = "tensorflow/c/eager/c_api.h";

/**
 * Returns the TensorFlow in a folder: the `tensorflow` folder of a Python package, its parent (an unpacked wheel), or
 * the folder of the C library with `lib` and `include` (or its `lib`).
 */
export function libraryAt(folder: string, environment: InstallEnvironment): LibraryAnswer {
  const names = libraryNames(environment);
  if (!isFolder(folder)) return existsSync(folder) ? `${folder} is not a folder` : `there is no folder ${folder}`;
  const places = [
    { libraries: folder, include: join(folder, "include") },
    { libraries: join(folder, "tensorflow"), include: join(folder, "tensorflow", "include") },
    { libraries: join(folder, "lib"), include: join(folder, "include") },
    { libraries: folder, include: join(folder, "../include") },
  ];
  let lacking = `${folder} has neither ${names.map(([first]) => first).join(" nor ")}`;
  for (const { libraries, include } of places) {
    for (const files of names.map((list) => list.map((name) => join(libraries, name)))) {
      const missing = files.filter((file) => !existsSync(file));
      if (missing.length === files.length || missing[0] === files[0]) continue;
      if (missing[0] !== undefined) lacking = `${missing[0]} does not exist beside ${basename(files[0] ?? "")}`;
      else if (existsSync(join(include, HEADER))) {
        return { folder: libraries, files, includeFolder: include, ...libraryVersion(libraries, files) };
      } else lacking = `${libraries} has the library but no headers: ${join(include, HEADER)} does not exist`;
    }
  }
  return lacking;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
