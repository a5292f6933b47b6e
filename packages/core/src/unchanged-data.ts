import type { Benchmark } from "./benchmark.ts";
import type { Conversation } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import { MlanError } from "./errors.ts";
import type { DataRecord } from "./manifest.ts";
import { pathOf } from "./path-of.ts";
import { reopened } from "./reopened.ts";
import type { Stage } from "./stage.ts";

/** What a stage reads. */
export interface StageData {
  readonly data?: Dataset<Conversation>;
  readonly benchmarks: readonly Benchmark[];
}

/**
 * The datasets of a stage, which may begin hours after they were looked at: opening one throws `run-folder` when its rows
 * are no longer those that are recorded.
 */
export function unchangedData(
  { name, data, asks }: Stage,
  records: Readonly<Record<string, DataRecord>>,
  folder: URL,
): StageData {
  const open =
    <Example>(dataset: Dataset<Example>): Dataset<Example>["open"] =>
    async (options) => {
      const examples = await dataset.open(options);
      if (examples.fingerprint === records[dataset.name]?.fingerprint) return examples;
      const when = `between the start of this run and that of stage "${name}"`;
      throw changedContent(folder, `the rows of the data ${dataset.name} have changed ${when}`);
    };
  return {
    ...(data && { data: reopened(data, open(data)) }),
    benchmarks: (asks?.benchmarks ?? []).map((benchmark) => reopened(benchmark, open(benchmark))),
  };
}

/** The error for what is no longer as it was when the run began with it. */
export function changedContent(folder: URL, what: string): MlanError {
  const message = `${pathOf(folder)} cannot be continued: ${what}, and its results would be of both. Restore what was there, or run into another folder.`;
  return new MlanError("run-folder", message);
}
