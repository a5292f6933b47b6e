import { MlanError } from "@mlan/core";
import { withInstallHint } from "./install-hint.ts";
import { allowTypeScript } from "./load-file.ts";
import { locateInProject } from "./locate-in-project.ts";

export type PluginKind = "model" | "data" | "eval";

/**
 * Imports the factory of an installed plugin package. `boolq` means `@mlan/data-boolq`; a name with a slash or `@` is a
 * full package name. The factory has the camel-case name of the package without scope and kind: `@acme/data-road-signs`
 * exports `roadSigns`. Throws `missing-plugin`, with the remedy, when the package is not installed, and
 * `invalid-options` when it has no such export.
 */
export async function importPlugin(kind: PluginKind, name: string): Promise<(options: unknown) => unknown> {
  allowTypeScript(); // a package of the user's workspace may export its sources
  const packageName = /[@/]/.test(name) ? name : `@mlan/${kind}-${name}`;
  const exportName = camelCase(packageName.replace(/^.*\//, "").replace(new RegExp(`^${kind}-`), ""));
  const module: unknown = await withInstallHint(() => import(locateInProject(packageName) ?? packageName), kind);
  const factory: unknown = Object(module)[exportName];
  if (typeof factory === "function") return (options) => factory(options);
  throw new MlanError(
    "invalid-options",
    `${packageName} exports no function ${exportName}, which is the name that commands look for. ` +
      "Use the package in an experiment file instead.",
  );
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
