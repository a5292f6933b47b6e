import { MlanError } from "@mlan/core";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { packageVersion } from "./binding-sources.ts";
import { type BindingRecord, readBinding, readBindings } from "./binding-record.ts";
import { bindingsFolder } from "./cache-folder.ts";
import type { CudaVersions } from "./cuda/build-info.ts";
import { findCudaLibraries } from "./cuda/find-cuda-libraries.ts";
import { type InstallEnvironment, installEnvironment } from "./install-environment.ts";

/** A binding between Node and TensorFlow that is ready to load. */
export interface InstalledBinding {
  /** The native addon. */
  readonly file: string;
  /** "stock" is the binding of tfjs-node-gpu's own installer, in its package (TensorFlow 2.9.1). */
  readonly kind: "built" | "stock";
  readonly tensorFlowVersion: string;
  /** The folder of libtensorflow_cc.so.2 or libtensorflow.so.2. */
  readonly libraryFolder: string;
  /** The CUDA versions of TensorFlow's build; undefined for a build without CUDA. */
  readonly cuda: CudaVersions | undefined;
  /** Absolute paths of CUDA libraries to load first, in this order; empty for a build without CUDA. */
  readonly cudaLibraries: readonly string[];
}

/**
 * The TensorFlow that tfjs-node-gpu 4.22.0's installer downloads (its scripts/deps-constants.js), and its CUDA
 * versions.
 */
const STOCK_VERSION = "2.9.1";
const STOCK_CUDA: CudaVersions = { cuda: "11.2", cudnn: "8.1" };

/**
 * Returns the binding that MLAN_TENSORFLOW_BINDING names, or else the newest binding in the cache for the installed
 * tfjs-node-gpu, or else the stock binding; undefined if there is none. Loads nothing. Throws `invalid-options` if the
 * variable names a file that does not exist.
 */
export function installedBinding(environment: InstallEnvironment = installEnvironment()): InstalledBinding | undefined {
  return namedBinding(environment) ?? builtBinding(environment) ?? stockBinding(environment);
}

function namedBinding(environment: InstallEnvironment): InstalledBinding | undefined {
  const named = environment.variables["MLAN_TENSORFLOW_BINDING"];
  if (!named) return undefined;
  const file = resolve(environment.workingFolder, named);
  if (!existsSync(file)) {
    const fix = "Unset it, or build one: npx mlan backend install tensorflow";
    throw new MlanError("invalid-options", `MLAN_TENSORFLOW_BINDING names ${file}, which does not exist. ${fix}`);
  }
  const record = readBinding(dirname(file))?.record;
  if (record !== undefined) return described(file, record, environment);
  const stock = stockBinding(environment);
  if (stock?.file === file) return stock;
  const libraryFolder = dirname(file);
  return { file, kind: "built", tensorFlowVersion: "unknown", libraryFolder, cuda: undefined, cudaLibraries: [] };
}

function builtBinding(environment: InstallEnvironment): InstalledBinding | undefined {
  const { platform, architecture, bindingPackage } = environment;
  const version = bindingPackage === undefined ? undefined : packageVersion(bindingPackage);
  const built = readBindings(bindingsFolder(environment)).find(
    ({ record }) =>
      record.platform === platform &&
      record.architecture === architecture &&
      (version === undefined || record.bindingVersion === version),
  );
  return built && described(built.file, built.record, environment);
}

function described(file: string, record: BindingRecord, environment: InstallEnvironment): InstalledBinding {
  const { tensorFlowVersion, libraryFolder } = record;
  const cuda = record.cuda === null ? undefined : { cuda: record.cuda.cuda, cudnn: record.cuda.cudnn };
  const cudaLibraries = librariesOf(libraryFolder, cuda, environment);
  return { file, kind: "built", tensorFlowVersion, libraryFolder, cuda, cudaLibraries };
}

function librariesOf(
  libraryFolder: string,
  cuda: CudaVersions | undefined,
  environment: InstallEnvironment,
): readonly string[] {
  if (cuda === undefined) return [];
  return findCudaLibraries(libraryFolder, cuda, environment, { quick: true }).found.map(({ file }) => file);
}

function stockBinding(environment: InstallEnvironment): InstalledBinding | undefined {
  const { bindingPackage, platform } = environment;
  if (bindingPackage === undefined) return undefined;
  const libraryFolder = join(bindingPackage, "deps", "lib");
  const [version] = namesIn(join(bindingPackage, "lib"))
    .filter((name) => /^napi-v\d+$/.test(name) && existsSync(join(bindingPackage, "lib", name, "tfjs_binding.node")))
    .toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const library = namesIn(libraryFolder).some((name) => /^libtensorflow\.(so|.*dylib)/.test(name));
  if (version === undefined || !library) return undefined;
  const file = join(bindingPackage, "lib", version, "tfjs_binding.node");
  const cuda = platform === "darwin" ? undefined : STOCK_CUDA;
  const cudaLibraries = librariesOf(libraryFolder, cuda, environment);
  return { file, kind: "stock", tensorFlowVersion: STOCK_VERSION, libraryFolder, cuda, cudaLibraries };
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
