import { stat } from "node:fs/promises";
import { register as registerHooks } from "node:module";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MlanError } from "@mlan/core";
import { register as registerTypeScript } from "tsx/esm/api";
import { withInstallHint } from "./install-hint.ts";

/** Whether a name is the path of a TypeScript or JavaScript file, and not the name of a package. */
export function isFile(name: string): boolean {
  return /\.[cm]?[jt]s$/.test(name);
}

/**
 * Imports a TypeScript or JavaScript file and returns the possible values of its default export. Throws
 * `invalid-options` when there is no file, `missing-plugin` with what to do when it imports a package that is not
 * installed.
 */
export async function loadFile(path: string): Promise<readonly unknown[]> {
  const file = resolve(path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new MlanError("invalid-options", `There is no file ${path}.`);
  allowTypeScript();
  const module: unknown = await withInstallHint(() => import(pathToFileURL(file).href));
  const exported: unknown = Object(module).default;
  // A file that its package.json makes CommonJS hands its exports over as the default.
  return [exported, Object(exported).default].filter((value) => value !== undefined);
}

/** Hooks stack: each registration makes every later import slower. */
let typeScriptAllowed = false;

/** From now on, for all that is imported: what an experiment imports while it runs may be TypeScript too. */
export function allowTypeScript(): void {
  if (typeScriptAllowed) return;
  typeScriptAllowed = true;
  registerTypeScript();
  const ownExtension = extname(import.meta.url); // .ts where the sources run
  registerHooks(new URL(`./typescript-modules${ownExtension}`, import.meta.url));
}
