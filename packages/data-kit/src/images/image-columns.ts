import type { z } from "zod";
import { imageColumn } from "./image-reference.ts";

/**
 * Returns the columns that hold images. Their schema is {@link imageColumn}, possibly optional or nullable, or a list
 * of it.
 */
export function imageColumnsOf({ shape }: z.ZodObject): readonly string[] {
  return Object.entries(shape).flatMap(([column, schema]) => (holdsImages(schema) ? [column] : []));
}

/** Whether a schema is that of images. Unwraps the schema, whichever copy of zod created it. */
function holdsImages(schema: unknown): boolean {
  if (schema === imageColumn) return true;
  const { innerType, element } = Object(Object(Object(schema)._zod).def);
  return [innerType, element].some((inner) => inner !== undefined && holdsImages(inner));
}
