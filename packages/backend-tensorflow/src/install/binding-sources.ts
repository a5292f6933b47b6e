import { MlanError } from "@mlan/core";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The release whose sources are known to compile, and whose JavaScript uses the binding. */
export const BINDING_PACKAGE = "@tensorflow/tfjs-node-gpu@4.22.0";

/** The source files of the binding. */
export interface BindingSources {
  /** Version of tfjs-node-gpu. */
  readonly version: string;
  readonly packageFolder: string;
  /** The unmodified sources of tfjs-node-gpu. */
  readonly files: readonly string[];
  /** The source file of this package that is compiled with them. */
  readonly extension: string;
  /** The folder of node_api.h. */
  readonly nodeHeaders: string;
}

const manifestSchema = z.object({ version: z.string() });
const SOURCES = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"];
const require = createRequire(import.meta.url);

/** Returns the folder of `@tensorflow/tfjs-node-gpu` without running its code; undefined if it is not installed. */
export function bindingPackageFolder(): string | undefined {
  return folderOf(() => require.resolve("@tensorflow/tfjs-node-gpu/package.json"));
}

/** Returns the folder of node_api.h in the npm package node-api-headers. */
function nodeHeadersFolder(): string | undefined {
  const folder = folderOf(() => require.resolve("node-api-headers/package.json"));
  return folder === undefined ? undefined : join(folder, "include");
}

export function packageVersion(folder: string): string {
  return manifestSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).version;
}

/** Finds sources and headers. Throws `unavailable` with the npm command if they are not installed. */
export function bindingSources(bindingPackage: string | undefined): BindingSources {
  const install = `Install it: npm install --ignore-scripts ${BINDING_PACKAGE}`;
  if (bindingPackage === undefined) {
    const why = "npm omits it when its install script fails";
    throw new MlanError("unavailable", `@tensorflow/tfjs-node-gpu is not installed (${why}). ${install}`);
  }
  const files = SOURCES.map((file) => join(bindingPackage, file));
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new MlanError("unavailable", `${missing} does not exist. ${install}`);
  const nodeHeaders = nodeHeadersFolder();
  if (nodeHeaders === undefined || !existsSync(join(nodeHeaders, "node_api.h"))) {
    throw new MlanError(
      "unavailable",
      "node_api.h is missing: node-api-headers is not installed. Install it: npm install node-api-headers",
    );
  }
  const extension = fileURLToPath(new URL("../../native/extension.cc", import.meta.url));
  return { version: packageVersion(bindingPackage), packageFolder: bindingPackage, files, extension, nodeHeaders };
}

function folderOf(file: () => string): string | undefined {
  try {
    return dirname(file());
  } catch {
    return undefined;
  }
}
