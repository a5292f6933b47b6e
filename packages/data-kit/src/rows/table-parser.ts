import { counted, shownValue } from "@mlan/core";
import { parse } from "csv-parse/sync";
import type { RowParser } from "./row-file.ts";

/**
 * Creates a parser that converts the rows of a text table (CSV, TSV) to objects of strings. The first row names the
 * columns. The delimiter is the comma, tab or semicolon between these names.
 */
export function tableParser(): RowParser {
  let columns: readonly string[] | undefined;
  let delimiter = ",";
  const cellsOf = (text: string): readonly string[] => parse(text, { delimiter, relax_column_count: true })[0] ?? [];
  return {
    format: "a row of the table",
    textCells: true,
    get columns() {
      return columns ?? [];
    },
    parse(text) {
      if (text.trim() === "") return undefined;
      if (columns === undefined) {
        delimiter = ["\t", ",", ";"].find((candidate) => text.includes(candidate)) ?? ",";
        columns = checkHeader(cellsOf(text));
        return undefined;
      }
      const cells = cellsOf(text);
      if (cells.length !== columns.length) {
        throw new Error(
          `it has ${counted(cells.length, "cell")}, and the first row names ${counted(columns.length, "column")}`,
        );
      }
      return { value: Object.fromEntries(columns.map((column, index) => [column, cells[index]])) };
    },
  };
}

function checkHeader(columns: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column)) throw new Error(`the first row names the column ${shownValue(column)} twice`);
    seen.add(column);
  }
  return columns;
}
