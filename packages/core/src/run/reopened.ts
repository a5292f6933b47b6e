import { type Asked, isBenchmark } from "../contracts/benchmark.ts";
import type { Dataset } from "../contracts/dataset.ts";

/** Returns the dataset with another `open`. A benchmark remains a benchmark. */
export function reopened<Example>(dataset: Asked<Example>, open: Dataset<Example>["open"]): Asked<Example>;
export function reopened<Example>(dataset: Dataset<Example>, open: Dataset<Example>["open"]): Dataset<Example>;
export function reopened<Example>(dataset: Dataset<Example>, open: Dataset<Example>["open"]): Dataset<Example> {
  const { specVersion, name, card, sources } = dataset;
  const known = { specVersion, name, card, ...(sources && { sources }) };
  if (!isBenchmark(dataset)) return { ...known, open };
  const { protocols, extractors, limit } = dataset;
  const asked: Asked<Example> = {
    ...known,
    open,
    protocols,
    protocol: (wanted) => dataset.protocol(wanted),
    extractors,
    ...(limit !== undefined && { limit }),
  };
  return asked;
}
