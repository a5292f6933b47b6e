import { readFile } from "node:fs/promises";
import type { Scope } from "./scope.ts";
import type { Token } from "./token.ts";

/** A value that provides one service to an experiment: `use: [llama2(...), cpuTrainer()]`. */
export interface Plugin<Service = unknown> {
  readonly name: string;
  readonly token: Token<Service>;
  /** `import.meta.url` of the plugin's module: its package's version goes into the run's manifest. */
  readonly module?: string;
  /**
   * The options that decide the outcome, as written into the run's manifest; must survive JSON. A run is continued only
   * by plugins with equal settings, so leave out places, caches and anything that changes no result.
   */
  readonly settings?: unknown;
  /**
   * Where it reads from, by kind of content, e.g. `weights`: written into the manifest for information, not compared.
   */
  readonly places?: Readonly<Record<string, string>>;
  /** Called once per scope, on first use. Cheap and synchronous: read and load in `open`. */
  create(scope: Scope): Service;
}

/** What `use` takes: a plugin, or plugins that belong together, as `cpuTrainer()` returns them. */
export type UseEntry = Plugin | readonly Plugin[];

/** Returns the plugin unchanged and infers its type. */
export function plugin<Service>(definition: Plugin<Service>): Plugin<Service> {
  return definition;
}

/** The version of each plugin's package, of core and of Node, by package name. */
export async function versionsOf(plugins: readonly Plugin[]): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = { node: process.version };
  for (const module of new Set([import.meta.url, ...plugins.flatMap(({ module: url }) => url ?? [])])) {
    const { name, version } = await packageOf(module);
    versions[name] = version;
  }
  return versions;
}

async function packageOf(module: string): Promise<{ name: string; version: string }> {
  try {
    // Modules are in src/ or dist/, one level below their package.json.
    const { name, version } = JSON.parse(await readFile(new URL("../package.json", module), "utf8"));
    return { name: String(name), version: String(version) };
  } catch {
    return { name: module, version: "unknown" };
  }
}
