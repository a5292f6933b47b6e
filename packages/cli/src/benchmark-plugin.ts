import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { type Benchmark, type Experiment, isBenchmark, MlanError } from "@mlan/core";
import { importPlugin } from "./import-plugin.ts";
import { isFile, loadFile } from "./load-file.ts";

/**
 * `name` for the published data, `name=folder` for a local copy; the name of a plugin, or the path of a TypeScript or
 * JavaScript file whose default export is a benchmark or a function that returns one. Nothing is read before it is
 * opened. Throws `invalid-options` when it is no benchmark.
 */
export async function benchmarkPlugin(named: string): Promise<Benchmark> {
  const [name = "", ...rest] = named.split("=");
  const folder = rest.length > 0 ? pathToFileURL(`${resolve(rest.join("="))}/`) : undefined;
  const options = folder ? { folder } : {};
  if (isFile(name)) return benchmarkInFile(name, options);
  const factory = await importPlugin("data", name);
  const benchmark = factory(options);
  if (isBenchmark(benchmark)) return benchmark;
  throw new MlanError("invalid-options", `${name} is no benchmark; it asks no questions.`);
}

/** Every benchmark that an experiment asks, once. */
export function benchmarksOf({ stages }: Experiment): readonly Benchmark[] {
  const all = stages.flatMap(({ asks }) => asks?.benchmarks ?? []);
  return [...new Map(all.map((benchmark) => [benchmark.name, benchmark])).values()];
}

async function benchmarkInFile(path: string, options: { readonly folder?: URL }): Promise<Benchmark> {
  for (const exported of await loadFile(path)) {
    const made: unknown = typeof exported === "function" ? exported(options) : exported;
    if (!isBenchmark(made)) continue;
    if (made === exported && options.folder)
      throw new MlanError(
        "invalid-options",
        `${path} exports a finished benchmark, which takes no folder. Leave out "=...", or export a function of { folder }.`,
      );
    return made;
  }
  throw new MlanError(
    "invalid-options",
    `${path} exports no benchmark. End it with: export default myBenchmark; it may be a function of { folder }.`,
  );
}
