import { type Benchmark, type DatasetCard, type Extractor, MlanError, type Protocol, type Question } from "@mlan/core";
import { datasetFromRows } from "../dataset-from-rows.ts";
import type { RowReader } from "../rows/rows-from.ts";
import { extractorsOf, type ProtocolDefinition, protocolFrom } from "./protocol-definition.ts";

export interface RowBenchmarkDefinition<Row, Q extends Question> extends ProtocolsDefinition<NoInfer<Q>> {
  readonly name: string;
  readonly card: DatasetCard;
  readonly rows: RowReader<Row>;
  /** Returns the id of a row. Repeated ids are followed by "#2", "#3", ... Default: the row number. */
  id?(row: Row, index: number): string;
  /** Creates the question of a row. `id` is unique in the benchmark. Must be pure. */
  question(row: Row, id: string): Q;
}

export interface ProtocolsDefinition<Q extends Question> {
  /** At least one. */
  readonly protocols: Readonly<Record<string, ProtocolDefinition<Q>>>;
  /** Name of the default protocol. Default: "strict", or the only protocol. */
  readonly defaultProtocol?: string;
  /** Additional extractors for stored answers. Default: none. */
  readonly extractors?: readonly Extractor[];
}

/**
 * Creates a benchmark with one question per row. Throws `contract` for a benchmark without a protocol, or with several
 * and no default.
 */
export function benchmarkFromRows<Row, Q extends Question>(definition: RowBenchmarkDefinition<Row, Q>): Benchmark<Q> {
  const { name, card, rows, id, question, extractors = [] } = definition;
  const { protocols, names, first } = protocolsOf<Q>(definition);
  return {
    ...datasetFromRows({ name, card, rows, ...(id && { idOf: id }), toExample: question }),
    protocols: [first, ...names.filter((one) => one !== first)],
    extractors: [...new Set([...Object.values(definition.protocols).flatMap(extractorsOf), ...extractors])],
    protocol(wanted = first) {
      const protocol = protocols.get(wanted);
      if (protocol) return protocol;
      const message = `${name}: there is no protocol "${wanted}"; it has ${names.join(" and ")}.`;
      throw new MlanError("invalid-options", message);
    },
  };
}

interface KnownProtocols<Q extends Question> {
  readonly protocols: ReadonlyMap<string, Protocol<Q>>;
  readonly names: readonly string[];
  readonly first: string;
}

/**
 * Returns the protocols and the name of the default protocol. Throws `contract` for a benchmark without a protocol, or
 * with several and no default.
 */
export function protocolsOf<Q extends Question>(
  definition: ProtocolsDefinition<Q> & { readonly name: string },
): KnownProtocols<Q> {
  const { name, defaultProtocol } = definition;
  const protocols = new Map(
    Object.entries(definition.protocols).map(([key, one]): [string, Protocol<Q>] => [
      key,
      protocolFrom(name, key, one),
    ]),
  );
  const names = [...protocols.keys()];
  return { protocols, names, first: defaultOf(name, names, defaultProtocol) };
}

function defaultOf(benchmark: string, names: readonly string[], wanted: string | undefined): string {
  const [only, ...others] = names;
  if (only === undefined) {
    throw new MlanError("contract", `${benchmark}: it has no protocol; define one, such as "strict".`);
  }
  const known = names.join(" and ");
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    const message = `${benchmark}: its default protocol "${wanted}" is not one of its protocols; it has ${known}.`;
    throw new MlanError("contract", message);
  }
  if (others.length === 0) return only;
  if (names.includes(USUAL)) return USUAL;
  const message = `${benchmark}: none of its protocols ${known} is the default; set defaultProtocol to one of them.`;
  throw new MlanError("contract", message);
}

const USUAL = "strict";
