import { checkIndex, type Dataset, type DatasetCard, messageOf, MlanError } from "@mlan/core";
import type { RowReader } from "./rows/rows-from.ts";

export interface RowDatasetDefinition<Row, Example> {
  readonly name: string;
  readonly card: DatasetCard;
  readonly rows: RowReader<Row>;
  /** Returns the id of a row. Repeated ids are followed by "#2", "#3", ... Default: the row number. */
  idOf?(row: Row, index: number): string;
  /** Creates the example of a row. `id` is unique in the dataset. Must be pure. */
  toExample(row: Row, id: string): Example;
}

/** Creates a dataset with one example per row. */
export function datasetFromRows<Row, Example>(definition: RowDatasetDefinition<Row, Example>): Dataset<Example> {
  const { name, card } = definition;
  const idOf = definition.idOf ?? ((_row: Row, index: number) => String(index));
  return {
    specVersion: 1,
    name,
    card,
    async open(options = {}) {
      const names: string[] = [];
      const rows = await definition.rows.read({
        ...options,
        onRow(row, index) {
          names.push(idOf(row, index));
        },
      });
      if (rows.length === 0) throw new MlanError("invalid-data", `${name}: its files hold no rows.`);
      const ids = distinct(names);
      return {
        length: rows.length,
        fingerprint: rows.fingerprint,
        async at(index) {
          const row = await rows.at(checkIndex(name, index, rows.length));
          const id = ids[index] ?? String(index);
          try {
            return definition.toExample(row, id);
          } catch (cause) {
            const code = MlanError.is(cause) ? cause.code : "invalid-data";
            throw new MlanError(code, `${name}: example ${index} ("${id}"): ${messageOf(cause)}`, { cause });
          }
        },
      };
    },
  };
}

/** Appends "#2", "#3", ... to repeated names, because published ids are not always unique. */
function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let copy = 2; seen.has(unique); copy++) if (!taken.has(`${name}#${copy}`)) unique = `${name}#${copy}`;
    seen.add(unique);
    return unique;
  });
}
