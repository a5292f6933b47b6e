import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isBenchmark, MlanError } from "@mlan/core";
import { textTable } from "@mlan/eval-kit";
import { importPlugin, type PluginKind } from "../project/import-plugin.ts";
import { NO_PLUGINS } from "../project/our-packages.ts";

/** An installed plugin that experiments and commands can use. */
export interface InstalledPlugin {
  readonly kind: "model" | "trainer" | "evaluator" | "benchmark" | "data";
  /** The name used in commands: `boolq` for `@mlan/data-boolq`, the full name for any other package. */
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly description: string;
}

interface PackageFile {
  readonly version?: string;
  readonly description?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The kinds of plugins, in the order of the list. */
const KINDS = { model: "model", trainer: "trainer", eval: "evaluator", data: "data" } as const;

/**
 * Returns the plugins of the project in this folder: installed packages of mlan, and plugins of others among the
 * project's dependencies.
 */
export async function installedPlugins(project: string): Promise<readonly InstalledPlugin[]> {
  const found: InstalledPlugin[] = [];
  for (const [name, { version = "", description = "", ...needs }] of await packagesOf(project)) {
    const [, prefix, rest] = /(?:^|\/)(model|trainer|eval|data)-(.+)$/.exec(name) ?? [];
    if (!isKind(prefix) || rest === undefined || NO_PLUGINS.has(name)) continue;
    const ours = name.startsWith("@mlan/");
    if (!ours && !("@mlan/core" in { ...needs.dependencies, ...needs.peerDependencies })) continue;
    const kind = prefix === "data" && (await asksQuestions(name)) ? "benchmark" : KINDS[prefix];
    found.push({ kind, name: ours ? rest : name, package: name, version, description });
  }
  const order = ["model", "trainer", "evaluator", "benchmark", "data"];
  return found.toSorted(
    (one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || (one.package < other.package ? -1 : 1),
  );
}

/** Returns the plugins as the lines of a table. */
export function pluginTable(plugins: readonly InstalledPlugin[]): readonly string[] {
  if (plugins.length === 0) {
    return [
      "No plugins are installed in this project. Install the ones you need, e.g.: npm install @mlan/model-vicuna @mlan/data-boolq",
    ];
  }
  const columns = [
    { title: "kind", align: "left" },
    { title: "name", align: "left" },
    { title: "version", align: "left" },
    { title: "description", align: "left" },
  ] as const;
  const rows = plugins.map(({ kind, name, version, description }) => [kind, name, version, description]);
  return textTable({ columns, rows });
}

function isKind(prefix: string | undefined): prefix is keyof typeof KINDS {
  return prefix !== undefined && Object.hasOwn(KINDS, prefix);
}

/** Whether a data plugin is a benchmark. Commands pass no options, so benchmarks with required options are left out. */
async function asksQuestions(name: string): Promise<boolean> {
  const kind: PluginKind = "data";
  try {
    return isBenchmark((await importPlugin(kind, name))({}));
  } catch {
    return false;
  }
}

/**
 * Returns packages by name: packages of mlan that Node resolves from the folder, and the dependencies in the nearest
 * package.json.
 */
async function packagesOf(project: string): Promise<ReadonlyMap<string, PackageFile>> {
  const from = createRequire(join(project, "mlan.js"));
  const folders = from.resolve.paths("@mlan/core") ?? [];
  const ours = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(folder, "@mlan")).catch(() => [])).map((name) => `@mlan/${name}`),
    ),
  );
  const own = await nearestPackageFile(project);
  const asked = { ...own?.dependencies, ...own?.devDependencies, ...own?.optionalDependencies };
  const packages = new Map<string, PackageFile>();
  for (const name of [...ours.flat(), ...Object.keys(asked)]) {
    for (const folder of folders) {
      const file = await readPackageFile(join(folder, name, "package.json"));
      if (file && !packages.has(name)) packages.set(name, file);
    }
  }
  return packages;
}

async function nearestPackageFile(folder: string): Promise<PackageFile | undefined> {
  const found = await readPackageFile(join(folder, "package.json"));
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : nearestPackageFile(parent));
}

async function readPackageFile(path: string): Promise<PackageFile | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return Object(JSON.parse(text));
  } catch (cause) {
    throw new MlanError("invalid-options", `${path} is not JSON; correct it, and list the plugins again.`, { cause });
  }
}
