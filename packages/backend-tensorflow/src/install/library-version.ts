import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

interface LibraryVersion {
  readonly version: string;
  readonly distribution: string;
}

/** Names of Python packages that contain libtensorflow, with hyphens. */
export const DISTRIBUTIONS: RegExp = /^(tensorflow(-cpu|-gpu|-cpu-aws|-aarch64|-macos|-rocm)?|tf-nightly(-cpu|-gpu)?)$/;

/**
 * Reads the version from the metadata of the Python package beside the folder, or else from the library's real file
 * name.
 */
export function libraryVersion(folder: string, files: readonly string[]): LibraryVersion {
  const packages = dirname(folder);
  const metadata = existsSync(packages)
    ? readdirSync(packages)
        .filter((name) => name.endsWith(".dist-info"))
        .map((name) => join(packages, name, "METADATA"))
        .filter((file) => /[/\\](tensorflow|tf_nightly)[^/\\]*\.dist-info/.test(file) && existsSync(file))
        .map((file) => packageMetadata(readFileSync(file, "utf8")))
        .find(({ name }) => DISTRIBUTIONS.test(name))
    : undefined;
  if (metadata !== undefined) return { version: metadata.version, distribution: metadata.name };
  const real = basename(realpathSync(files[0] ?? folder)); // libtensorflow.so.2.18.0, libtensorflow.2.18.0.dylib
  const version = /\.(\d+\.\d+\.\d+)(\.dylib)?$/.exec(real)?.[1] ?? "unknown";
  return { version, distribution: "libtensorflow" };
}

/** Returns name (lower case, with hyphens) and version from a METADATA file. */
export function packageMetadata(text: string): { readonly name: string; readonly version: string } {
  const field = (key: string): string => new RegExp(`^${key}:[ \\t]*(\\S+)`, "m").exec(text)?.[1] ?? "";
  const name = field("Name")
    .toLowerCase()
    .replaceAll(/[-_.]+/g, "-");
  return { name, version: field("Version") };
}
