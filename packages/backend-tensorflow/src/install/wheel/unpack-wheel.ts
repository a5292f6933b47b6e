import { MlanError, writeFolderAtomically } from "@mlan/core";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { wheelsFolder } from "../cache-folder.ts";
import type { InstallEnvironment } from "../install-environment.ts";
import { libraryNames } from "../library-names.ts";
import { checkWheel } from "./check-wheel.ts";
import { removeLeftovers } from "./leftovers.ts";
import { verifyChecksum } from "./verify-checksum.ts";
import { damagedWheel, openWheel, type WheelArchive } from "./wheel-archive.ts";

interface UnpackOptions {
  readonly force?: boolean;
  readonly lookOnly?: boolean;
  readonly report?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Folders with the headers that the binding includes. All headers in a wheel take 287 MB. Folder names differ between
 * releases.
 */
const HEADER_FOLDERS = ["tensorflow/c", "tensorflow/core/platform", "tensorflow/tsl", "tsl", "xla/tsl/c", "absl"];

/**
 * Unpacks the files that the binding needs from a wheel into the cache, and returns the folder. The folder appears
 * atomically at the end, so an interrupted call leaves no partial one. Without `force`, a wheel with the same file name
 * is not unpacked again.
 */
export async function unpackWheel(
  file: string,
  environment: InstallEnvironment,
  options: UnpackOptions,
): Promise<string> {
  const { force = false, lookOnly = false, report, signal } = options;
  const wheels = wheelsFolder(environment);
  const folder = join(wheels, basename(file).replace(/\.whl$/i, ""));
  using wheel = await openWheel(file);
  await checkWheel(file, wheel, environment);
  if (existsSync(folder) && !force) return folder;
  if (lookOnly) throw new MlanError("unavailable", `${file} is not unpacked yet`);
  const names = [...wheel.entries.keys()].filter(neededIn(environment));
  report?.(`Unpacking ${names.length} files of ${basename(file)} into ${folder}`);
  await removeLeftovers(wheels);
  await writeFolderAtomically(pathToFileURL(`${folder}/`), async (temporary) => {
    for (const name of names) {
      signal?.throwIfAborted();
      await unpackFile(wheel, name, fileURLToPath(temporary), file, signal);
    }
  });
  return folder;
}

function neededIn(environment: InstallEnvironment): (name: string) => boolean {
  const libraries = new Set(libraryNames(environment).flatMap((names) => names.map((name) => `tensorflow/${name}`)));
  const headers = new RegExp(`^tensorflow/include/(${HEADER_FOLDERS.join("|")})/.*\\.(h|inc)$`);
  return (name) =>
    libraries.has(name) ||
    name === "tensorflow/python/platform/build_info.py" ||
    /^[^/]+\.dist-info\/(METADATA|WHEEL|LICENSE.*)$/.test(name) ||
    headers.test(name);
}

async function unpackFile(
  wheel: WheelArchive,
  name: string,
  folder: string,
  file: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = resolve(folder, name);
  if (!target.startsWith(resolve(folder) + sep)) throw damagedWheel(file, `${name} would be outside the folder`);
  await mkdir(dirname(target), { recursive: true });
  try {
    const { crc32 } = wheel.entries.get(name) ?? { crc32: 0 };
    const options = signal ? { signal } : {};
    await pipeline(await wheel.read(name), verifyChecksum(crc32), createWriteStream(target), options);
  } catch (cause) {
    signal?.throwIfAborted();
    // writeFolderAtomically reports errors of the file system, e.g. a full disk.
    if (typeof Object(cause).syscall === "string") throw cause;
    throw damagedWheel(file, cause);
  }
}
