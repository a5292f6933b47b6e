import "reflect-metadata"; // tsyringe throws on import without it
import { container, type DependencyContainer, instanceCachingFactory } from "tsyringe";
import { MlanError } from "../errors.ts";
import type { Plugin, UseEntry } from "./plugin.ts";
import type { Token } from "./token.ts";

/** Services by token. Each service is created on first use, and disposed of with the scope. */
export interface Scope extends AsyncDisposable {
  /** Returns the service of the last plugin that provides it. Throws `missing-plugin` when no plugin provides it. */
  get<Service>(token: Token<Service>): Service;
  /** Returns the service. Undefined when no plugin provides it. */
  find<Service>(token: Token<Service>): Service | undefined;
}

/** Creates a scope with these plugins. Lists are flattened, as in an experiment's `use`. */
export function createScope(plugins: readonly UseEntry[] = []): Scope {
  return new ContainerScope(plugins.flat());
}

class ContainerScope implements Scope {
  readonly #container: DependencyContainer = container.createChildContainer();
  readonly #made: unknown[] = [];
  readonly #creating: string[] = [];

  constructor(plugins: readonly Plugin[]) {
    for (const plugin of plugins) this.#register(plugin);
  }

  get<Service>(token: Token<Service>): Service {
    const found = this.find(token);
    if (found !== undefined) return found;
    const asking = this.#creating.at(-1);
    const neededBy = asking === undefined ? "" : `, which ${asking} needs`;
    const hint = token.hint === undefined ? "" : `: ${token.hint}`;
    const message = `Nothing provides ${token.name}${neededBy}. Add a plugin for it to \`use\`${hint}.`;
    throw new MlanError("missing-plugin", message);
  }

  find<Service>(token: Token<Service>): Service | undefined {
    return this.#container.isRegistered(token.key) ? this.#container.resolve<Service>(token.key) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#made.splice(0).reverse()) await disposeOf(service);
  }

  #register(plugin: Plugin): void {
    const useFactory = instanceCachingFactory(() => this.#create(plugin));
    this.#container.register(plugin.token.key, { useFactory });
  }

  #create(plugin: Plugin): unknown {
    if (this.#creating.includes(plugin.name)) {
      const circle = [...this.#creating, plugin.name].join(" -> ");
      throw new MlanError("invalid-options", `Plugins need each other: ${circle}. Break the circle.`);
    }
    this.#creating.push(plugin.name);
    try {
      const service = plugin.create(this);
      this.#made.push(service);
      return service;
    } finally {
      this.#creating.pop();
    }
  }
}

async function disposeOf(service: unknown): Promise<void> {
  if (typeof service !== "object" || service === null) return;
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now }: Partial<AsyncDisposable & Disposable> = service;
  if (later) await later.call(service);
  else now?.call(service);
}
