import type { Benchmark } from "../contracts/benchmark.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Dataset, Examples, OpenedDatasets } from "../contracts/dataset.ts";
import { reopened } from "./reopened.ts";
import type { Stage } from "./stage.ts";

export interface StageData {
  readonly data?: Dataset<Conversation>;
  readonly benchmarks: readonly Benchmark[];
}

/**
 * Returns the datasets of a stage. Each is opened through `opened`, so opening it again returns the same examples.
 * `check` is called each time a dataset is opened, and may throw.
 */
export function openedThrough(
  opened: OpenedDatasets,
  { data, asks }: Pick<Stage, "data" | "asks">,
  check: (dataset: Dataset<unknown>, examples: Examples<unknown>) => void = () => {},
): StageData {
  const open =
    <Example>(dataset: Dataset<Example>): Dataset<Example>["open"] =>
    async (options) => {
      const examples = await opened.open(dataset, options);
      check(dataset, examples);
      return examples;
    };
  return {
    ...(data && { data: reopened(data, open(data)) }),
    benchmarks: (asks?.benchmarks ?? []).map((benchmark) => reopened(benchmark, open(benchmark))),
  };
}

export function datasetsOf({ data, benchmarks }: StageData): readonly Dataset<unknown>[] {
  return [...(data ? [data] : []), ...benchmarks];
}
