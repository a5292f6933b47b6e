import { expectationOf, MlanError, shownValue } from "@mlan/core";
import { z } from "zod";
import { isPrintedByNumpy } from "./printed-by-numpy.ts";

/** Location of a row, for errors. */
export interface RowPlace {
  /** The beginning of the message, e.g. "data-boolq". */
  readonly errorPrefix: string;
  /** The file's path, relative to its source. */
  readonly file: string;
  /** Counted from 0. */
  readonly row: number;
  /** Line number in a file of lines, counted from 1. */
  readonly line?: number;
}

/**
 * Throws `invalid-data` if the schema needs columns that no row of the file has. The message names the columns, and
 * suggests another file or revision.
 */
export function checkColumns(
  schema: z.ZodObject,
  columns: readonly string[],
  { errorPrefix, file }: Pick<RowPlace, "errorPrefix" | "file">,
): void {
  const missing = missingColumns(schema, columns);
  if (missing.length === 0) return;
  const names = missing.map((name) => `"${name}"`).join(", ");
  const problem = missing.length === 1 ? `column ${names} is missing` : `columns ${names} are missing`;
  const found = columns.length === 0 ? "no columns" : `columns ${columns.join(", ")}`;
  const message = `${errorPrefix}: ${file}: ${problem}; the file has ${found}. Is it the right file, at the right revision?`;
  throw new MlanError("invalid-data", message);
}

/** Whether the schema needs a column that is not in the list. */
export function lacksColumns(schema: z.ZodObject, columns: readonly string[]): boolean {
  return missingColumns(schema, columns).length > 0;
}

function missingColumns(schema: z.ZodObject, columns: readonly string[]): readonly string[] {
  return Object.keys(schema.shape).filter((name) => !columns.includes(name) && !accepts(schema, name, {}));
}

/** Whether the schema accepts a column of this row. `{}` is a row without the column. */
export function accepts(schema: z.ZodObject, column: string, row: object): boolean {
  const type = schema.shape[column];
  try {
    return type === undefined || z.object({ [column]: type }).safeParse(row).success;
  } catch {
    // A transformation in the schema threw.
    return false;
  }
}

/**
 * Returns the row in the schema's form. Throws `invalid-data` with file, row, column, what was expected, and what was
 * found.
 */
export function checkRow<Row>(schema: z.ZodType<Row>, row: unknown, place: RowPlace): Row {
  const result = schema.safeParse(row, { reportInput: true });
  if (result.success) return result.data;
  const [first = "", ...more] = result.error.issues.slice(0, SHOWN).map((issue) => problemOf(issue, row));
  const problems = [first, ...more.map((problem) => problem.slice(SEPARATOR))].join("; ");
  throw badRow(place, `${problems}${columnsWhereMissing(result.error.issues, row)}`);
}

export function badRow(
  place: RowPlace,
  problem: string,
  { cause, remedy = "Correct or remove that row" }: { readonly cause?: unknown; readonly remedy?: string } = {},
): MlanError {
  return new MlanError("invalid-data", `${placeText(place)}${problem}. ${remedy}.`, { cause });
}

export function placeText({ errorPrefix, file, row, line }: RowPlace): string {
  return `${errorPrefix}: ${file} row ${row}${line === undefined ? "" : ` (line ${line})`}`;
}

/**
 * Maximum number of problems shown. A row of another dataset differs in every column, and three problems suffice to see
 * that.
 */
const SHOWN = 3;

/** Length of the ", " or ": " with which {@link problemOf} begins. */
const SEPARATOR = 2;

function problemOf(issue: z.core.$ZodIssue, row: unknown): string {
  const column = issue.path.length === 0 ? "" : `, column "${issue.path.join(".")}"`;
  const expected = expectationOf(issue);
  if (expected === undefined) return `${column}: ${issue.message}`;
  const found = valueAt(row, issue);
  const hint = typeof found === "string" && isPrintedByNumpy(found) ? `, ${NUMPY}` : "";
  return `${column}: expected ${expected}, found ${shownValue(found)}${hint}`;
}

const NUMPY =
  "which is a list as printed by numpy; save the table as JSON lines or Parquet, or convert its lists with tolist()";

/** Lists the row's columns if a column is missing, because the column may have another name. */
function columnsWhereMissing(issues: readonly z.core.$ZodIssue[], row: unknown): string {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return "";
  const lacks = issues.slice(0, SHOWN).some(({ path: [column] }) => column !== undefined && !(column in row));
  const columns = Object.keys(row);
  if (!lacks || columns.length === 0) return "";
  const names = columns.slice(0, COLUMNS_SHOWN).map((column) => shownValue(column));
  return `. The row has ${names.join(", ")}${columns.length > COLUMNS_SHOWN ? ", ..." : ""}`;
}

const COLUMNS_SHOWN = 8;

/**
 * Returns the value as it is in the file. For a text that the schema parses, returns the value in the parsed result.
 */
function valueAt(row: unknown, { path, input }: z.core.$ZodIssue): unknown {
  let value = row;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return input;
    value = Object(value)[key];
  }
  return value;
}
