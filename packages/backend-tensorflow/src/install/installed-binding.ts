import { MlanError } from "@mlan/core";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { packageVersion } from "./binding-sources.ts";
import { type BindingRecord, readBinding, readBindings } from "./binding-record.ts";
import { bindingsFolder } from "./cache-folder.ts";
import { findCudaLibraries } from "./cuda/find-cuda-libraries.ts";
import { type InstallEnvironment, installEnvironment } from "./install-environment.ts";

/** A binding between Node and TensorFlow that is ready to be loaded. */
export interface InstalledBinding {
  /** The native addon. */
  readonly file: string;
  /** "stock": what tfjs-node-gpu's own installer left in its package (TensorFlow 2.9.1). */
  readonly kind: "built" | "stock";
  readonly tensorFlowVersion: string;
  /** The folder of libtensorflow_cc.so.2 or libtensorflow.so.2. */
  readonly libraryFolder: string;
  /** CUDA libraries to load first, by absolute path, in this order; empty for a build without CUDA. */
  readonly cudaLibraries: readonly string[];
}

/** tfjs-node-gpu's installer fetches this one: its scripts/get-addon-name and install.js of 4.22.0. */
const STOCK_VERSION = "2.9.1";

/**
 * The file that MLAN_TENSORFLOW_BINDING names, else the newest binding that `installTensorFlow` left in the cache for
 * the tfjs-node-gpu that is installed, else the stock install; undefined when there is none. Loads nothing. Throws
 * `invalid-options` when the variable names a file that is not there.
 */
export function installedBinding(environment: InstallEnvironment = installEnvironment()): InstalledBinding | undefined {
  return namedBinding(environment) ?? builtBinding(environment) ?? stockBinding(environment);
}

function namedBinding(environment: InstallEnvironment): InstalledBinding | undefined {
  const named = environment.variables["MLAN_TENSORFLOW_BINDING"];
  if (!named) return undefined;
  const file = resolve(environment.workingFolder, named);
  if (!existsSync(file)) {
    const mend = "Unset it, or build one: mlan backend install tensorflow";
    throw new MlanError("invalid-options", `MLAN_TENSORFLOW_BINDING names ${file}, which does not exist. ${mend}`);
  }
  const record = readBinding(dirname(file))?.record;
  if (record !== undefined) return described(file, record, environment);
  return { file, kind: "built", tensorFlowVersion: "unknown", libraryFolder: dirname(file), cudaLibraries: [] };
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
  const { tensorFlowVersion, libraryFolder, cuda } = record;
  const libraries =
    cuda === null
      ? []
      : findCudaLibraries(libraryFolder, { cuda: cuda.cuda, cudnn: cuda.cudnn }, environment, { quick: true }).found;
  const cudaLibraries = libraries.map((library) => library.file);
  return { file, kind: "built", tensorFlowVersion, libraryFolder, cudaLibraries };
}

function stockBinding({ bindingPackage }: InstallEnvironment): InstalledBinding | undefined {
  if (bindingPackage === undefined) return undefined;
  const libraryFolder = join(bindingPackage, "deps", "lib");
  const [version] = namesIn(join(bindingPackage, "lib"))
    .filter((name) => /^napi-v\d+$/.test(name) && existsSync(join(bindingPackage, "lib", name, "tfjs_binding.node")))
    .toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const library = namesIn(libraryFolder).some((name) => /^libtensorflow\.(so|.*dylib)/.test(name));
  if (version === undefined || !library) return undefined;
  const file = join(bindingPackage, "lib", version, "tfjs_binding.node");
  return { file, kind: "stock", tensorFlowVersion: STOCK_VERSION, libraryFolder, cudaLibraries: [] };
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
