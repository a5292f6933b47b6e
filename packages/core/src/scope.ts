import "reflect-metadata"; // tsyringe throws on import without it
import { container, type DependencyContainer, instanceCachingFactory } from "tsyringe";
import { MlanError } from "./errors.ts";
import type { Plugin, UseEntry } from "./plugin.ts";
import type { Token } from "./token.ts";

/** Services by token. A scope sees what it was given and what its ancestors have, never its children's. */
export interface Scope extends AsyncDisposable {
  /** The service of the plugin given last. Throws `missing-plugin` when nothing provides it. */
  get<Service>(token: Token<Service>): Service;
  /** The service, or undefined when nothing provides it. */
  find<Service>(token: Token<Service>): Service | undefined;
  /** Every plugin's service, ancestors' first, in the order given. */
  all<Service>(token: Token<Service>): readonly Service[];
  child(plugins: readonly UseEntry[]): Scope;
}

/** A scope of these plugins; lists among them count as their entries, as in an experiment's `use`. */
export function createScope(plugins: readonly UseEntry[] = []): Scope {
  return new ContainerScope(plugins.flat(), undefined);
}

class ContainerScope implements Scope {
  readonly #container: DependencyContainer = container.createChildContainer();
  readonly #parent: ContainerScope | undefined;
  readonly #own = new Map<symbol, number>();
  readonly #made: unknown[] = [];
  readonly #creating: string[] = [];

  constructor(plugins: readonly Plugin[], parent: ContainerScope | undefined) {
    this.#parent = parent;
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
    if (this.#own.has(token.key)) return this.#container.resolve<Service>(token.key);
    return this.#parent?.find(token);
  }

  all<Service>(token: Token<Service>): readonly Service[] {
    // tsyringe's resolveAll hides the parent's registrations as soon as a child has one of its own.
    const own = this.#own.has(token.key) ? this.#container.resolveAll<Service>(token.key) : [];
    return [...(this.#parent?.all(token) ?? []), ...own];
  }

  child(plugins: readonly UseEntry[]): Scope {
    return new ContainerScope(plugins.flat(), this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#made.splice(0).reverse()) await disposeOf(service);
  }

  #register(plugin: Plugin): void {
    const { key } = plugin.token;
    this.#own.set(key, (this.#own.get(key) ?? 0) + 1);
    // The factory closes over this scope: tsyringe would hand a cached factory whichever child asked first.
    this.#container.register(key, { useFactory: instanceCachingFactory(() => this.#create(plugin)) });
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
