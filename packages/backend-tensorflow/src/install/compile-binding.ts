import { MlanError, writeFileAtomically } from "@mlan/core";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BindingSources } from "./binding-sources.ts";
import { compileLog } from "./cache-folder.ts";
import type { Compiler } from "./compiler.ts";
import type { InstallEnvironment } from "./install-environment.ts";
import type { TensorFlowLibrary } from "./library-at.ts";
import { type Finished, runProcess } from "./run-process.ts";
import { undefinedSymbols } from "./undefined-symbols.ts";

export interface BindingBuild {
  readonly compiler: Compiler;
  readonly sources: BindingSources;
  readonly library: TensorFlowLibrary;
  /** Path of the addon to write. */
  readonly output: string;
  readonly environment: InstallEnvironment;
  readonly signal?: AbortSignal | undefined;
}

/** The Node-API version that the binding requires. Node 20 and later have it. */
export const NAPI_VERSION = 8;
const SHOWN_ERRORS = 5;
// The binding does not expose its context. With these macros native/extension.cc creates and deletes it.
const CONTEXT_MACROS = ["-DTFE_NewContext=mlan_TFE_NewContext", "-DTFE_DeleteContext=mlan_TFE_DeleteContext"];

/**
 * Compiles and links the addon. Throws `unavailable` with the compiler's first errors and the path of the log, or with
 * the symbols that the library lacks.
 */
export async function compileBinding(build: BindingBuild): Promise<void> {
  const { sources, library, output, environment, signal } = build;
  const objects = await mkdtemp(join(tmpdir(), "mlan-tensorflow-"));
  try {
    const include = [sources.packageFolder, library.includeFolder, sources.nodeHeaders].map((folder) => `-I${folder}`);
    // -w: no warnings, because the code is not ours.
    const flags = ["-std=c++17", "-O2", "-fPIC", "-w", `-DNAPI_VERSION=${NAPI_VERSION}`, ...include];
    const parts = [
      ...sources.files.map((file) => ({ file, macros: CONTEXT_MACROS })),
      { file: sources.extension, macros: [] },
    ].map((part) => ({ ...part, object: join(objects, `${basename(part.file)}.o`) }));
    const compiled = await Promise.all(
      parts.map(({ file, macros, object }) => run(build, [...flags, ...macros, "-c", file, "-o", object])),
    );
    const failed = compiled.find(({ status }) => status !== 0);
    if (failed !== undefined) throw await compilerError(build, "cannot compile the binding", compiled);
    const linked = await run(build, [
      ...linkFlags(environment),
      ...parts.map(({ object }) => object),
      ...library.files,
      `-Wl,-rpath,${library.folder}`,
      "-o",
      output,
    ]);
    if (linked.status !== 0) throw await compilerError(build, "cannot link the binding", [linked]);
    const symbols = undefinedSymbols(linked.stderr);
    if (symbols.length > 0) throw lackingSymbols(library, symbols);
  } finally {
    await rm(objects, { recursive: true, force: true });
    signal?.throwIfAborted();
  }
}

function run({ compiler, environment, signal }: BindingBuild, words: readonly string[]): Promise<Finished> {
  const [program, ...first] = compiler.command;
  return runProcess(program, [...first, ...words], { variables: environment.variables, signal });
}

function linkFlags({ platform }: InstallEnvironment): readonly string[] {
  // The process defines the Node-API symbols, so the linker must accept undefined symbols.
  if (platform === "darwin") return ["-bundle", "-undefined", "dynamic_lookup"];
  return ["-shared", "-Wl,-z,defs", "-Wl,--warn-unresolved-symbols"];
}

/** Returns the error for a library without symbols that the binding needs. */
export function lackingSymbols({ folder, version }: TensorFlowLibrary, symbols: readonly string[]): MlanError {
  const named = symbols.slice(0, SHOWN_ERRORS).join(", ");
  const more = symbols.length > SHOWN_ERRORS ? ` and ${symbols.length - SHOWN_ERRORS} more` : "";
  const message =
    `The TensorFlow in ${folder} (version ${version}) lacks symbols that the binding needs: ${named}${more}. ` +
    "Install a different version (2.21 is verified): .venv/bin/pip install tensorflow==2.21.0";
  return new MlanError("unavailable", message);
}

async function compilerError(build: BindingBuild, what: string, runs: readonly Finished[]): Promise<MlanError> {
  const { compiler, environment, library } = build;
  const output = runs.map(({ stdout, stderr }) => stdout + stderr).join("");
  const log = compileLog(environment);
  await writeFileAtomically(pathToFileURL(log), `${compiler.command.join(" ")}: ${compiler.version}\n${output}`);
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const errors = lines.filter((line) => /\berror\b|undefined reference|cannot find/i.test(line));
  const shown = (errors.length > 0 ? errors : lines).slice(0, SHOWN_ERRORS).map((line) => `\n  ${line}`);
  const ended = runs.find(({ signal }) => signal !== null)?.signal;
  const message =
    `${compiler.command[0]} (${compiler.version}) ${what} for TensorFlow ${library.version} in ${library.folder}` +
    `${ended ? ` (ended by ${ended}; is there enough memory?)` : ""}:${shown.join("")}\nThe whole output is in ${log}. ` +
    "The compiler must support C++17 (g++ 9 or clang 10 and later); set CXX to use a different one.";
  return new MlanError("unavailable", message);
}
