import {
  type Benchmark,
  type DatasetCard,
  type Extractor,
  MlanError,
  type PromptFamily,
  type Protocol,
  type ProtocolName,
  type Question,
} from "@mlan/core";
import { datasetFromRows } from "./dataset-from-rows.ts";
import type { RowReader } from "./rows/rows-from.ts";

export interface BenchmarkDefinition<Row, Q extends Question> {
  readonly name: string;
  readonly card: DatasetCard;
  readonly rows: RowReader<Row>;
  /** The row's own name; a repeated one gets "#2", "#3", ... By default the row's number. */
  idOf?(row: Row, index: number): string;
  /** Pure. `id` is unique in the benchmark. */
  toQuestion(row: Row, id: string): Q;
  /** At least one. A benchmark that no paper has published needs `strict` alone. */
  readonly protocols: Readonly<Partial<Record<ProtocolName, Protocol<Q>>>>;
  /** Further ways to read answers, besides those of the protocols. */
  readonly extractors?: readonly Extractor[];
}

/** A benchmark that makes one question of each row. Throws `contract` when it has no protocol. */
export function defineBenchmark<Row, Q extends Question>(definition: BenchmarkDefinition<Row, Q>): Benchmark<Q> {
  const { name, protocols, toQuestion, extractors = [] } = definition;
  const known = Object.keys(protocols).join(" and ");
  if (known === "") throw new MlanError("contract", `${name}: it has no protocol; define "strict".`);
  const ofProtocols = Object.values(protocols).flatMap(({ extractor }) => FAMILIES.map(extractor));
  return {
    ...datasetFromRows({ ...definition, toExample: toQuestion }),
    extractors: [...new Set([...ofProtocols, ...extractors])],
    protocol(wanted) {
      const protocol = protocols[wanted];
      if (protocol) return protocol;
      throw new MlanError("invalid-options", `${name}: there is no protocol "${wanted}"; it has ${known}.`);
    },
  };
}

const FAMILIES: readonly PromptFamily[] = ["tuned", "llama2-base", "vicuna-base"];
