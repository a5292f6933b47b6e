import { messageOf } from "@mlan/core";
import { z } from "zod";
import { isPrintedByNumpy } from "./printed-by-numpy.ts";
import { parsePythonLiteral } from "./python-literal.ts";

/**
 * The schema of a list in either form in which datasets publish one: a list, or its text as Python writes it, such as
 * `"['red', 'blue']"`. `item` is the schema of its items. Limit its length with `.refine`.
 */
export function pythonList<Item>(item: z.ZodType<Item>): z.ZodType<readonly Item[]> {
  return z.unknown().transform(listIn).pipe(z.array(item));
}

/** Parses a text as a list. When that fails, the issue says why, and the row's error adds what was found. */
function listIn(value: unknown, context: z.RefinementCtx): unknown {
  if (typeof value !== "string") return value;
  let message = "expected a list";
  if (!isPrintedByNumpy(value)) {
    try {
      return parsePythonLiteral(value);
    } catch (cause) {
      message = messageOf(cause);
    }
  }
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}
