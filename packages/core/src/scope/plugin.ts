import { readFile } from "node:fs/promises";
import type { Scope } from "./scope.ts";
import type { Token } from "./token.ts";

/** Provides one service to an experiment: `use: [llama2(...), cpuTrainer()]`. */
export interface Plugin<Service = unknown> {
  readonly name: string;
  readonly token: Token<Service>;
  /** `import.meta.url` of the plugin's module. The run's manifest records the version of the module's package. */
  readonly module?: string;
  /**
   * The options that determine the outcome, as the run's manifest records them. Must be plain JSON. Only plugins with
   * equal settings can continue a run, so leave out places, caches and everything else that does not affect results.
   */
  readonly settings?: unknown;
  /**
   * The places that the service reads from, by kind of content, e.g. `weights`. The manifest records them for
   * information only.
   */
  readonly places?: Readonly<Record<string, string>>;
  /** Creates the service. Called once per scope, on first use. Must be cheap: the service's `open` reads files. */
  create(scope: Scope): Service;
}

/** A plugin, or a list of plugins that belong together, e.g. the result of `cpuTrainer()`. */
export type UseEntry = Plugin | readonly Plugin[];

/** Returns the plugin unchanged and infers its type. */
export function plugin<Service>(definition: Plugin<Service>): Plugin<Service> {
  return definition;
}

/** Returns versions by package name: of the plugins' packages, core and Node. */
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
