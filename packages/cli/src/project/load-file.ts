import { readdir, stat } from "node:fs/promises";
import { register as registerHooks } from "node:module";
import { basename, dirname, extname, join, parse, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MlanError } from "@mlan/core";
import { register as registerTypeScript } from "tsx/esm/api";
import { editDistance } from "./edit-distance.ts";
import { pathAt } from "./folders.ts";
import { withInstallHint } from "./install-hint.ts";
import { syntaxProblem, syntaxProblemIn } from "./syntax-problem.ts";

/** Whether a name is the path of a TypeScript or JavaScript file. */
export function isFile(name: string): boolean {
  return /\.[cm]?[jt]s$/.test(name);
}

/**
 * Imports a TypeScript or JavaScript file. Throws `invalid-options` for a file that does not exist, or does not parse
 * (with the place of the error), and `missing-plugin`, with the remedy, when the file imports a package that is not
 * installed.
 */
export async function loadFile(path: string): Promise<FileExports> {
  const file = resolve(pathAt(path));
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw await missingFileError(path, file);
  allowTypeScript();
  const module: unknown = await withInstallHint(() => import(pathToFileURL(file).href)).catch(
    async (cause: unknown) => {
      const problem = syntaxProblem(cause) ?? (await syntaxProblemIn(file, cause));
      throw problem === undefined ? cause : new MlanError("invalid-options", problem, { cause });
    },
  );
  return exportsOf(Object(module));
}

/** Returns the error for a missing file. It suggests a file with a similar name in the same folder. */
async function missingFileError(path: string, file: string): Promise<MlanError> {
  const names = (await readdir(dirname(file)).catch(() => [])).filter(isFile);
  const wanted = basename(file);
  const near = names.find((name) => parse(name).name === wanted || parse(name).name === parse(wanted).name);
  const meant = near ?? names.find((name) => editDistance(name, wanted) <= 2);
  const hint = meant === undefined ? "" : ` Did you mean ${join(dirname(path), meant)}?`;
  return new MlanError("invalid-options", `${path} does not exist or is not a file.${hint}`);
}

export interface FileExports {
  /** The possible values of the default export. */
  readonly defaults: readonly unknown[];
  /** All other exports by name. */
  readonly named: ReadonlyMap<string, unknown>;
}

function exportsOf(module: Readonly<Record<string, unknown>>): FileExports {
  const { default: exported, ...others } = module;
  // The default export of a CommonJS file is the object of its exports.
  const defaults = [exported, Object(exported).default].filter((value) => value !== undefined);
  const named = Object.entries(others).filter(([name]) => name !== "module.exports" && name !== "__esModule");
  return { defaults, named: new Map(named) };
}

/**
 * Whether TypeScript files can be imported. A module hook is registered only once, because each further hook makes
 * imports slower.
 */
let typeScriptAllowed = false;

/** Makes all later imports accept TypeScript, including the imports of an experiment while it runs. */
export function allowTypeScript(): void {
  if (typeScriptAllowed) return;
  typeScriptAllowed = true;
  const ownExtension = extname(import.meta.url); // .ts where the sources run
  if (ownExtension !== ".ts") registerTypeScript(); // sources run where TypeScript can already be imported
  registerHooks(new URL(`./typescript-modules${ownExtension}`, import.meta.url));
}
