import type { Scope } from "./scope.ts";
import type { Token } from "./token.ts";

/** A value that provides one service to an experiment: `use: [llama2(...), cpuTrainer()]`. */
export interface Plugin<Service = unknown> {
  readonly name: string;
  readonly token: Token<Service>;
  /** `import.meta.url` of the plugin's module: its package's version goes into the run's manifest. */
  readonly module?: string;
  /** What the user asked for, as written into the run's manifest; must survive JSON. */
  readonly settings?: unknown;
  /** Called once per scope, on first use. Free and synchronous: reading and loading belong to `open`. */
  create(scope: Scope): Service;
}

/** Checks and gives back a plugin; a place for its type. */
export function plugin<Service>(definition: Plugin<Service>): Plugin<Service> {
  return definition;
}
