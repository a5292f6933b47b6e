import { MlanError } from "@mlan/core";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { readBindings } from "./binding-record.ts";
import { bindingsFolder, wheelsFolder } from "./cache-folder.ts";
import type { InstallEnvironment } from "./install-environment.ts";
import { type LibraryAnswer, libraryAt, type TensorFlowLibrary } from "./library-at.ts";
import { libraryNames } from "./library-names.ts";
import { pythonLibrary } from "./python-library.ts";
import { unpackWheel } from "./wheel/unpack-wheel.ts";

/**
 * The places to search, in order of precedence. If a place that the user named has no TensorFlow, an error is thrown.
 */
export interface LibraryPlaces {
  /** The folder of an unpacked wheel, its `tensorflow` folder, or the C library's folder with `lib` and `include`. */
  readonly library?: string;
  /** A Python wheel. It is unpacked into the cache without Python. */
  readonly wheel?: string;
  /** A Python with the package `tensorflow` or `tensorflow-cpu`. */
  readonly python?: string;
}

export interface FoundLibrary extends TensorFlowLibrary {
  /** The option, variable or place that led to the library. */
  readonly foundBy: string;
}

interface SearchOptions extends LibraryPlaces {
  /** Whether to unpack a wheel again. */
  readonly force?: boolean;
  /** Whether to check wheels without unpacking them. */
  readonly lookOnly?: boolean;
  readonly report?: (line: string) => void;
  readonly signal?: AbortSignal;
}

interface Place {
  readonly name: string;
  /** Whether the user named the place. If a place that the user named has no TensorFlow, an error is thrown. */
  readonly named: boolean;
  look(): LibraryAnswer | Promise<LibraryAnswer>;
}

/** Finds TensorFlow. Throws `invalid-options` for a named place without TensorFlow, `unavailable` if none is found. */
export async function findLibrary(environment: InstallEnvironment, options: SearchOptions): Promise<FoundLibrary> {
  libraryNames(environment);
  const searched: string[] = [];
  for (const { name, named, look } of places(environment, options)) {
    const answer = await look();
    if (typeof answer !== "string") return { ...answer, foundBy: name };
    if (named) throw new MlanError("invalid-options", `${name} has no TensorFlow: ${answer}. ${NAMED_FIX}`);
    searched.push(`${name}: ${answer}`);
  }
  const list = searched.map((line) => `\n  ${line}`).join("");
  throw new MlanError("unavailable", `No TensorFlow was found. Searched:${list}\n${NOT_FOUND_FIX}`);
}

const NAMED_FIX =
  "Name a Python with tensorflow or tensorflow-cpu, its wheel, or the C library's folder (2.21 is verified).";
/** The commands that install TensorFlow. */
export const NOT_FOUND_FIX: string =
  "Install one: python3 -m venv .venv && .venv/bin/pip install tensorflow\n" +
  "or, without Python, name a wheel: npx mlan backend install tensorflow --wheel FILE";

function places(environment: InstallEnvironment, options: SearchOptions): readonly Place[] {
  const { variables, workingFolder } = environment;
  const { library, wheel, python, signal } = options;
  const byFolder = (name: string, folder: string): Place => ({
    name: `${name} ${folder}`,
    named: true,
    look: () => libraryAt(resolve(workingFolder, folder), environment),
  });
  const byWheel = (name: string, file: string): Place => ({
    name: `${name} ${file}`,
    named: true,
    look: async () => libraryAt(await unpackWheel(resolve(workingFolder, file), environment, options), environment),
  });
  const byPython = (name: string, program: string, named: boolean): Place => ({
    name: named ? `${name} ${program}` : name,
    named,
    look: () => pythonLibrary(program, environment, signal),
  });
  if (library !== undefined) return [byFolder("--library", library)];
  if (wheel !== undefined) return [byWheel("--wheel", wheel)];
  if (python !== undefined) return [byPython("--python", python, true)];
  const { MLAN_TENSORFLOW, MLAN_PYTHON, VIRTUAL_ENV, CONDA_PREFIX } = variables;
  if (MLAN_TENSORFLOW) {
    const isFile = statSync(resolve(workingFolder, MLAN_TENSORFLOW), { throwIfNoEntry: false })?.isFile() === true;
    return [(isFile ? byWheel : byFolder)("MLAN_TENSORFLOW", MLAN_TENSORFLOW)];
  }
  if (MLAN_PYTHON) return [byPython("MLAN_PYTHON", MLAN_PYTHON, true)];
  return [
    ...(VIRTUAL_ENV ? [byPython("VIRTUAL_ENV", join(VIRTUAL_ENV, "bin/python"), false)] : []),
    ...(CONDA_PREFIX ? [byPython("CONDA_PREFIX", join(CONDA_PREFIX, "bin/python"), false)] : []),
    byPython(".venv", join(workingFolder, ".venv/bin/python"), false),
    byPython("python3", "python3", false),
    { name: "the binding built last", named: false, look: () => builtBefore(environment) },
    { name: "the wheel unpacked last", named: false, look: () => unpackedBefore(environment) },
  ];
}

function builtBefore(environment: InstallEnvironment): LibraryAnswer {
  const [newest] = readBindings(bindingsFolder(environment));
  return newest === undefined ? "none" : libraryAt(newest.record.libraryFolder, environment);
}

function unpackedBefore(environment: InstallEnvironment): LibraryAnswer {
  const folder = wheelsFolder(environment);
  if (!existsSync(folder)) return "none";
  const [newest] = readdirSync(folder)
    .filter((name) => !name.endsWith(".tmp"))
    .map((name) => join(folder, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return newest === undefined ? "none" : libraryAt(newest, environment);
}
