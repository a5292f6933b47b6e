import type { RowReader } from "@mlan/data-kit";
import { expect } from "vitest";

/** Every row of a reader, read by its index. */
export async function allRows<Row>(reader: RowReader<Row>): Promise<readonly Row[]> {
  let checked = 0;
  const rows = await reader.read({ onRow: () => void checked++ });
  expect(checked).toBe(rows.length);
  return Promise.all(Array.from({ length: rows.length }, (_, index) => rows.at(index)));
}
