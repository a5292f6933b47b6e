import { readFile } from "node:fs/promises";
import type { Scope } from "./scope.ts";
import type { Token } from "./token.ts";

/** A value that provides one service to an experiment: `use: [llama2(...), cpuTrainer()]`. */
export interface Plugin<Service = unknown> {
  readonly name: string;
  readonly token: Token<Service>;
  /** `import.meta.url` of the plugin's module. The version of its package is recorded in the run's manifest. */
  readonly module?: string;
  /**
   * The options that determine the outcome, as written into the run's manifest; must be plain JSON. A run is continued
   * only by plugins with equal settings, so leave out places, caches and everything else that affects no result.
   */
  readonly settings?: unknown;
  /**
   * The places that the service reads from, by kind of content, e.g. `weights`. Recorded in the manifest for
   * information only.
   */
  readonly places?: Readonly<Record<string, string>>;
  /**
   * Creates the service. Called once per scope, on first use. It must be cheap: files are read in the service's `open`.
   */
  create(scope: Scope): Service;
}

/** An entry of `use`: a plugin, or a list of plugins that belong together, as returned by `cpuTrainer()`. */
export type UseEntry = Plugin | readonly Plugin[];

/** Returns the plugin unchanged and infers its type. */
export function plugin<Service>(definition: Plugin<Service>): Plugin<Service> {
  return definition;
}

/** Returns the versions of the plugins' packages, core and Node, by package name. */
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
