import { z } from "zod";
import { parseJson } from "./json-value.ts";
import { isPrintedByNumpy } from "./printed-by-numpy.ts";
import { parsePythonLiteral } from "./python-literal.ts";

/**
 * Returns a row of a text table with its cells converted to the types of the schema. A cell that the schema accepts as
 * text stays text. Any other cell is parsed as JSON or as a Python literal (`True`, `['a', 'b']`). An empty cell is
 * left out of the row if its column is in `images`, or if the schema does not accept it as text.
 */
export function typedCells(schema: z.ZodObject, row: unknown, images: readonly string[]): unknown {
  if (typeof row !== "object" || row === null) return row;
  const cells = Object.entries(row).flatMap(([column, text]: [string, unknown]) => {
    const type = schema.shape[column];
    if (type === undefined || typeof text !== "string") return [[column, text]];
    if (images.includes(column)) return text === "" ? [] : [[column, text]];
    if (takes(type, text)) return [[column, text]];
    if (text.trim() === "") return [];
    return [[column, valueOf(text)]];
  });
  return Object.fromEntries(cells);
}

function takes(type: z.core.$ZodType, text: string): boolean {
  try {
    return z.safeParse(type, text).success;
  } catch {
    // A transformation in the schema threw.
    return false;
  }
}

/**
 * Returns the parsed value. Returns a text that is neither JSON nor a Python literal unchanged, so that the schema's
 * error shows it.
 */
function valueOf(text: string): unknown {
  for (const parse of [parseJson, parsePythonLiteral]) {
    if (parse === parsePythonLiteral && isPrintedByNumpy(text)) return text;
    try {
      return parse(text);
    } catch {
      continue;
    }
  }
  return text;
}
