import { MlanError, writeFolderAtomically } from "@mlan/core";
import { writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Device } from "../device/device-list.ts";
import { BINDING_FILE, type BindingRecord, readBinding, RECORD_FILE } from "./binding-record.ts";
import { type BindingSources, bindingSources } from "./binding-sources.ts";
import { bindingsFolder } from "./cache-folder.ts";
import { checkBinding, type BindingCheck } from "./check-binding.ts";
import { compileBinding, lackingSymbols, NAPI_VERSION } from "./compile-binding.ts";
import { type Compiler, findCompiler } from "./compiler.ts";
import { type CudaVersions, cudaVersions } from "./cuda/build-info.ts";
import { type CudaLibraries, findCudaLibraries } from "./cuda/find-cuda-libraries.ts";
import { gpuFindings } from "./cuda/gpu-findings.ts";
import { type FoundLibrary, findLibrary } from "./find-library.ts";
import type { Finding } from "./finding.ts";
import { type InstallEnvironment, installEnvironment } from "./install-environment.ts";
import { checkInstallOptions, type InstallOptions } from "./install-options.ts";
import type { TensorFlowLibrary } from "./library-at.ts";
import { undefinedSymbols } from "./undefined-symbols.ts";
import { removeLeftovers } from "./wheel/leftovers.ts";

/** The installed binding, and the state of its requirements. */
export interface InstallReport {
  /** The native addon. */
  readonly file: string;
  /** Whether the binding was built now; false if an existing one works. */
  readonly built: boolean;
  readonly tensorFlowVersion: string;
  /** The Python package or archive with TensorFlow. */
  readonly distribution: string;
  readonly libraryFolder: string;
  /** The option, variable or place that led to TensorFlow. */
  readonly foundBy: string;
  /** Version of @tensorflow/tfjs-node-gpu. */
  readonly bindingVersion: string;
  readonly compiler: string;
  /** Undefined for a build without CUDA. */
  readonly cuda: (CudaVersions & Pick<CudaLibraries, "found" | "missing">) | undefined;
  readonly devices: readonly Device[];
  /** The requirements of a GPU: libraries, driver, devices. */
  readonly gpu: readonly Finding[];
  readonly seconds: number;
}

/**
 * Finds TensorFlow, builds the binding of the installed `@tensorflow/tfjs-node-gpu` with the system's compiler, checks
 * it with a matrix product and its gradients, and stores it in the cache. Without `force`, keeps a binding that works.
 * Throws `unavailable`, `invalid-options`, or `invalid-data` for a damaged wheel. The message says what was searched
 * for, where, and the next command. The cache is then unchanged.
 */
export async function installTensorFlow(
  options: InstallOptions = {},
  environment: InstallEnvironment = installEnvironment(),
): Promise<InstallReport> {
  checkInstallOptions(options);
  const { force = false, report = () => undefined, signal } = options;
  const start = performance.now();
  const library = await findLibrary(environment, options);
  report(`TensorFlow ${library.version} (${library.distribution}) in ${library.folder}, by ${library.foundBy}`);
  const sources = bindingSources(environment.bindingPackage);
  const cuda = await cudaVersions(library);
  const libraries = cuda && findCudaLibraries(library.folder, cuda, environment);
  const cudaLibraries = libraries?.found.map(({ file }) => file) ?? [];
  const check = (file: string): Promise<BindingCheck> => checkBinding({ file, cudaLibraries }, environment, signal);
  const finish = (file: string, record: BindingRecord, devices: readonly Device[], built: boolean): InstallReport => ({
    file,
    built,
    tensorFlowVersion: record.tensorFlowVersion,
    distribution: library.distribution,
    libraryFolder: library.folder,
    foundBy: library.foundBy,
    bindingVersion: record.bindingVersion,
    compiler: record.compiler,
    cuda: cuda && libraries && { ...cuda, found: libraries.found, missing: libraries.missing },
    devices,
    gpu: gpuFindings({ libraryFolder: library.folder, tensorFlowVersion: record.tensorFlowVersion, cuda }, environment),
    seconds: (performance.now() - start) / 1000,
  });

  const folder = join(bindingsFolder(environment), folderName(sources, library, environment));
  const existing = force ? undefined : readBinding(folder);
  if (existing !== undefined) {
    report(`Checking the existing binding ${existing.file}`);
    const result = await check(existing.file);
    if (result.works) return finish(existing.file, existing.record, result.devices, false);
    report(`It does not work (${result.reason}); building it again`);
  }

  const compiler = await findCompiler(environment, signal);
  report(`Compiling tfjs-node-gpu ${sources.version} with ${compiler.version}`);
  await removeLeftovers(bindingsFolder(environment));
  const made: { record: BindingRecord; devices: readonly Device[] }[] = [];
  await writeFolderAtomically(pathToFileURL(`${folder}/`), async (temporary) => {
    const place = fileURLToPath(temporary);
    const output = join(place, BINDING_FILE);
    await compileBinding({ compiler, sources, library, output, environment, signal });
    const record = bindingRecord(sources, library, environment, { compiler, cuda });
    const write = (content: BindingRecord): Promise<void> =>
      writeFile(join(place, RECORD_FILE), `${JSON.stringify(content, undefined, 2)}\n`);
    await write(record); // the check loads the binding as programs do, which reads the record
    report("Checking it: a matrix product and its gradients");
    const result = await check(output);
    if (!result.works) throw brokenBinding(library, result.reason);
    const checked = { ...record, tensorFlowVersion: result.tensorFlowVersion };
    await write(checked);
    made.push({ record: checked, devices: result.devices });
  });
  const [{ record, devices } = unmade()] = made;
  return finish(join(folder, BINDING_FILE), record, devices, true);
}

/** Returns a folder name with a hash of the library's folder, to distinguish several libraries of the same version. */
function folderName(
  sources: BindingSources,
  library: TensorFlowLibrary,
  { platform, architecture }: InstallEnvironment,
): string {
  const place = createHash("sha256").update(library.folder).digest("hex").slice(0, 8);
  return [sources.version, library.version, `napi${NAPI_VERSION}`, platform, architecture, place].join("-");
}

function bindingRecord(
  sources: BindingSources,
  library: FoundLibrary,
  { platform, architecture }: InstallEnvironment,
  { compiler, cuda }: { readonly compiler: Compiler; readonly cuda: CudaVersions | undefined },
): BindingRecord {
  return {
    formatVersion: 1,
    bindingVersion: sources.version,
    tensorFlowVersion: library.version,
    distribution: library.distribution,
    libraryFolder: library.folder,
    libraries: library.files,
    platform,
    architecture,
    compiler: `${compiler.command.join(" ")}: ${compiler.version}`,
    built: new Date().toISOString(),
    cuda: cuda ?? null,
  };
}

function brokenBinding(library: TensorFlowLibrary, reason: string): MlanError {
  const symbols = undefinedSymbols(reason);
  if (symbols.length > 0) return lackingSymbols(library, symbols);
  const fix =
    "Install a different version (2.21 is verified): .venv/bin/pip install tensorflow==2.21.0; or run npx mlan doctor for details";
  return new MlanError(
    "unavailable",
    `The binding was built for TensorFlow ${library.version} in ${library.folder} and does not work: ${reason}\n${fix}`,
  );
}

function unmade(): never {
  throw new MlanError("contract", "backend-tensorflow: the binding's folder was written without a binding");
}
