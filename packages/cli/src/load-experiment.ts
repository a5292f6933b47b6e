import { stat } from "node:fs/promises";
import { register as registerHooks } from "node:module";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Experiment, isExperiment, MlanError } from "@mlan/core";
import { register as registerTypeScript } from "tsx/esm/api";
import { withInstallHint } from "./install-hint.ts";

/**
 * Imports an experiment file, TypeScript or JavaScript, and gives its default export. Throws `invalid-options` when
 * there is no file or no experiment in it, `missing-plugin` with what to do when it imports a package that
 * is not installed.
 */
export async function loadExperiment(path: string): Promise<Experiment> {
  const file = resolve(path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new MlanError("invalid-options", `There is no file ${path}.`);
  allowTypeScript();
  const module: unknown = await withInstallHint(() => import(pathToFileURL(file).href));
  return experimentIn(module, path);
}

/** From now on, for all that is imported: what an experiment imports while it runs may be TypeScript too. */
function allowTypeScript(): void {
  registerTypeScript();
  const ownExtension = extname(import.meta.url); // .ts where the sources run
  registerHooks(new URL(`./typescript-modules${ownExtension}`, import.meta.url));
}

function experimentIn(module: unknown, path: string): Experiment {
  const exported: unknown = Object(module).default;
  // A file that its package.json makes CommonJS hands its exports over as the default.
  for (const candidate of [exported, Object(exported).default]) if (isExperiment(candidate)) return candidate;
  throw new MlanError(
    "invalid-options",
    `${path} exports ${exported === undefined ? "nothing as its default" : "something else than an experiment"}. ` +
      "End it with: export default experiment({ name, use, stages });",
  );
}
