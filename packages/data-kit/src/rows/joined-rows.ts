import { fingerprintOf } from "@mlan/core";
import { z } from "zod";
import type { RowReader } from "./rows-from.ts";

export interface JoinDefinition<Other, Row> {
  /** Read first. Images in it are references, so a table of images is small. */
  readonly table: RowReader<Other>;
  /** The column of the table that others refer to. A key that occurs again is the first row's. */
  readonly keyOf: (row: Other) => string;
  /** Names the table in errors, e.g. "an id in testdev_balanced_images". */
  readonly expected: string;
  /** The rows; `reference` is the schema of a column that holds keys, and turns each into the table's row. */
  readonly rows: (reference: z.ZodType<Other>) => RowReader<Row>;
}

/**
 * Rows that refer to another table by key. A key that the table lacks ends in the same `invalid-data` error as a value
 * of a wrong type: file, row, column, what was found. The fingerprint covers both tables.
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
