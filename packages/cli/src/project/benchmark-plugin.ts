import { type Benchmark, type Experiment, isBenchmark, MlanError } from "@mlan/core";
import { folderAt } from "./folders.ts";
import { importPlugin } from "./import-plugin.ts";
import { type FileExports, isFile, loadFile } from "./load-file.ts";

/**
 * Returns the benchmark of a `--benchmark` option: `name` for the published data, `name=folder` for a local copy.
 * `name` is a plugin, or a TypeScript or JavaScript file that exports a benchmark or a function that returns one.
 * `:export` after the file's path chooses one of several exports. Reads no data. Throws `invalid-options` when there is
 * no such benchmark.
 */
export async function benchmarkPlugin(named: string): Promise<Benchmark> {
  const equals = named.indexOf("=");
  const name = equals < 0 ? named : named.slice(0, equals);
  const path = equals < 0 ? undefined : named.slice(equals + 1).trim();
  if (name.trim() === "")
    throw refused(`--benchmark "${named}" has no plugin or file before the "=". Write name, or name=folder.`);
  if (path === "") {
    throw refused(
      `--benchmark "${named}" has no folder after the "=". Add one, or leave out the "=" to use the published data.`,
    );
  }
  const options = path === undefined ? {} : { folder: folderAt(path) };
  const [, file = name, exportName] = /^(.+\.[cm]?[jt]s):([^:./\\]*)$/.exec(name) ?? [];
  if (isFile(file)) return benchmarkInFile(file, exportName, options);
  return installedBenchmark(name, options);
}

/**
 * Returns the benchmark of an installed plugin. Throws `missing-plugin`, or `invalid-options` when it is not a
 * benchmark.
 */
export async function installedBenchmark(name: string, options: BenchmarkOptions = {}): Promise<Benchmark> {
  const factory = await importPlugin("data", name);
  const benchmark = factory(options);
  if (isBenchmark(benchmark)) return benchmark;
  throw refused(`${name} is not a benchmark: it has no questions to ask.`);
}

/** Returns the benchmarks of all stages of an experiment, each once. */
export function benchmarksOf({ stages }: Experiment): readonly Benchmark[] {
  const all = stages.flatMap(({ asks }) => asks?.benchmarks ?? []);
  return [...new Map(all.map((benchmark) => [benchmark.name, benchmark])).values()];
}

interface BenchmarkOptions {
  readonly folder?: URL;
}

async function benchmarkInFile(path: string, name: string | undefined, options: BenchmarkOptions): Promise<Benchmark> {
  const exports = await loadFile(path);
  for (const exported of name === undefined ? candidates(path, exports) : [namedExport(path, name, exports)]) {
    const made: unknown = typeof exported === "function" ? exported(options) : exported;
    if (!isBenchmark(made)) continue;
    if (made === exported && options.folder) {
      throw refused(
        `${path} exports a benchmark, not a function, so it takes no folder. Leave out "=...", or export a function of { folder }.`,
      );
    }
    return made;
  }
  throw refused(
    `${path} exports no benchmark${name === undefined ? "" : ` as ${name}`}. ` +
      "End it with: export default myBenchmark; (or a function of { folder } that returns it).",
  );
}

/**
 * Yields the exports to try: first the default export if it is a benchmark or a function, then the only other such
 * export, because the default function may return something else. Benchmarks come before functions.
 */
function* candidates(path: string, { defaults, named }: FileExports): Generator<unknown, void> {
  yield* defaults.filter((value) => typeof value === "function" || isBenchmark(value));
  const finished = [...named].filter(([, value]) => isBenchmark(value));
  const possible = finished.length > 0 ? finished : [...named].filter(([, value]) => typeof value === "function");
  if (possible.length > 1) {
    const names = possible.map(([name]) => name);
    throw refused(
      `${path} exports ${names.join(", ")}, but no default export. Choose one: --benchmark ${path}:${names[0]}`,
    );
  }
  yield* possible.map(([, value]) => value);
}

function namedExport(path: string, name: string, { defaults, named }: FileExports): unknown {
  if (named.has(name)) return named.get(name);
  if (name === "default" && defaults.length > 0) return defaults.at(-1);
  const known = [...named.keys(), ...(defaults.length > 0 ? ["default"] : [])].join(", ");
  throw refused(`${path} has no export "${name}". It exports ${known === "" ? "nothing" : known}.`);
}

function refused(message: string): MlanError {
  return new MlanError("invalid-options", message);
}
