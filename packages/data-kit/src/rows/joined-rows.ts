import { fingerprintOf } from "@mlan/core";
import { z } from "zod";
import type { RowReader } from "./rows-from.ts";

export interface JoinDefinition<Other, Row> {
  /** The table to which the rows refer. It is read first. Its images are references, so it fits into memory. */
  readonly table: RowReader<Other>;
  /** Returns the key of a table row. If a key occurs twice, the first row counts. */
  readonly keyOf: (row: Other) => string;
  /** Describes a valid key in errors, e.g. "an id in testdev_balanced_images". */
  readonly expected: string;
  /**
   * Creates the reader of the rows. `reference` is the schema of a column of keys, and converts each key into the
   * table's row.
   */
  readonly rows: (reference: z.ZodType<Other>) => RowReader<Row>;
}

/**
 * Returns a reader of rows that refer to another table by key. A key that the table lacks throws the same
 * `invalid-data` error as a value of a wrong type, with file, row, column and the value found. The fingerprint covers
 * both tables.
 */
export function joinedRows<Other, Row>(definition: JoinDefinition<Other, Row>): RowReader<Row> {
  const { table, keyOf, expected, rows } = definition;
  return {
    async read(options = {}) {
      const { onRow: _, ...opening } = options;
      const byKey = new Map<string, Other>();
      const other = await table.read({
        ...opening,
        onRow(row) {
          const key = keyOf(row);
          if (!byKey.has(key)) byKey.set(key, row);
        },
      });
      const reference = z.string().transform((key, context) => {
        const row = byKey.get(key);
        if (row !== undefined) return row;
        context.addIssue({ code: "custom", message: `expected ${expected}` });
        return z.NEVER;
      });
      const joined = await rows(reference).read(options);
      return { ...joined, fingerprint: await fingerprintOf([other.fingerprint, joined.fingerprint]) };
    },
  };
}
