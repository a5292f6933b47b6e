import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { type Benchmark, type Experiment, MlanError } from "@mlan/core";
import { importPlugin } from "./import-plugin.ts";

/** `name` for the published data, `name=folder` for a local copy. Nothing is read before it is opened. */
export async function benchmarkPlugin(named: string): Promise<Benchmark> {
  const [name = "", ...folder] = named.split("=");
  const factory = await importPlugin("data", name);
  const options = folder.length > 0 ? { folder: pathToFileURL(`${resolve(folder.join("="))}/`) } : {};
  const benchmark = factory(options);
  if (isBenchmark(benchmark)) return benchmark;
  throw new MlanError("invalid-options", `${name} is no benchmark; it asks no questions.`);
}

/** Every benchmark that an experiment asks, once. */
export function benchmarksOf({ stages }: Experiment): readonly Benchmark[] {
  const all = stages.flatMap(({ asks }) => asks?.benchmarks ?? []);
  return [...new Map(all.map((benchmark) => [benchmark.name, benchmark])).values()];
}

function isBenchmark(value: unknown): value is Benchmark {
  const { open, protocol } = Object(value);
  return typeof open === "function" && typeof protocol === "function";
}
