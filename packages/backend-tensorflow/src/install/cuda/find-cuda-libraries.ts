import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { InstallEnvironment } from "../install-environment.ts";
import type { CudaVersions } from "./build-info.ts";
import { cudaLibraryNames } from "./cuda-library-names.ts";

export interface CudaLibraries {
  /** The libraries that were found, in the order in which they must be loaded. */
  readonly found: readonly { readonly name: string; readonly file: string }[];
  /** Names of required libraries that were not found. */
  readonly missing: readonly string[];
  /** The places that were searched. */
  readonly searched: readonly string[];
}

/**
 * Searches for the CUDA libraries of a build: beside the library (Python packages), in LD_LIBRARY_PATH, CUDA_HOME, the
 * toolkit's folders, the system's folders, and, unless `quick`, in the loader's cache.
 */
export function findCudaLibraries(
  libraryFolder: string,
  { cuda = "12", cudnn }: CudaVersions,
  environment: InstallEnvironment,
  { quick = false }: { readonly quick?: boolean } = {},
): CudaLibraries {
  const folders = cudaFolders(libraryFolder, environment);
  const cached = quick ? new Map<string, string>() : loaderCache(environment.linkerCache());
  const places = cudaLibraryNames(cuda, cudnn).map(({ name, required }) => {
    const folder = folders.find((path) => existsSync(join(path, name)));
    return { name, required, file: folder === undefined ? cached.get(name) : join(folder, name) };
  });
  return {
    found: places.flatMap(({ name, file }) => (file === undefined ? [] : [{ name, file }])),
    missing: places.flatMap(({ name, required, file }) => (required && file === undefined ? [name] : [])),
    searched: [
      join(dirname(libraryFolder), "nvidia/*/lib"),
      ...folders.filter((folder) => !folder.startsWith(join(dirname(libraryFolder), "nvidia"))),
      ...(quick ? [] : ["ldconfig -p"]),
    ],
  };
}

function cudaFolders(libraryFolder: string, environment: InstallEnvironment): readonly string[] {
  const { variables, systemRoot, architecture } = environment;
  const { LD_LIBRARY_PATH = "", CUDA_HOME, CUDA_PATH } = variables;
  const packages = join(dirname(libraryFolder), "nvidia");
  const toolkits = subfolders(join(systemRoot, "usr/local"))
    .filter((name) => /^cuda(-[\d.]+)?$/.test(name))
    .toSorted((a, b) => (a === "cuda" ? -1 : b === "cuda" ? 1 : b.localeCompare(a, "en", { numeric: true })))
    .map((name) => join(systemRoot, "usr/local", name));
  const triplet = architecture === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return [
    ...subfolders(packages).map((name) => join(packages, name, "lib")),
    ...LD_LIBRARY_PATH.split(":").filter((folder) => folder !== ""),
    ...[CUDA_HOME, CUDA_PATH, ...toolkits, join(systemRoot, "opt/cuda")].flatMap((toolkit) =>
      toolkit ? [join(toolkit, "lib64")] : [],
    ),
    join(systemRoot, "usr/lib", triplet),
    join(systemRoot, "usr/lib64"),
  ].filter((folder) => existsSync(folder));
}

function subfolders(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Parses lines such as "libcudart.so.12 (libc6,x86-64) => /usr/lib/libcudart.so.12". */
function loaderCache(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^\s*(\S+) .*=> (\S+)$/gm)].map(([, name = "", file = ""]) => [name, file]));
}
