import { type Asked, isBenchmark } from "../contracts/benchmark.ts";
import type { Dataset } from "../contracts/dataset.ts";

/** Returns the dataset with another `open`. A benchmark remains a benchmark. */
export function reopened<Example>(dataset: Asked<Example>, open: Dataset<Example>["open"]): Asked<Example>;
export function reopened<Example>(dataset: Dataset<Example>, open: Dataset<Example>["open"]): Dataset<Example>;
export function reopened<Example>(dataset: Dataset<Example>, open: Dataset<Example>["open"]): Dataset<Example> {
  const { specVersion, name, card } = dataset;
  if (!isBenchmark(dataset)) return { specVersion, name, card, open };
  const { protocols, extractors, limit } = dataset;
  const asked: Asked<Example> = {
    specVersion,
    name,
    card,
    open,
    protocols,
    protocol: (wanted) => dataset.protocol(wanted),
    extractors,
    ...(limit !== undefined && { limit }),
  };
  return asked;
}
