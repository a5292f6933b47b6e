import { messageOf } from "@mlan/core";
import { z } from "zod";
import { isPrintedByNumpy } from "./printed-by-numpy.ts";
import { parsePythonLiteral } from "./python-literal.ts";

/**
 * The schema of a list, which may be written as Python text, such as `"['red', 'blue']"`. `item` is the schema of the
 * items. Limit the length with `.refine`.
 */
export function pythonList<Item>(item: z.ZodType<Item>): z.ZodType<readonly Item[]> {
  return z.unknown().transform(listIn).pipe(z.array(item));
}

/** Parses a string as a list. On failure, adds an issue with the reason; the row's error adds the text. */
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
