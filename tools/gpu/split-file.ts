import { closeSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Returns the byte ranges of the parts of a file: equal sizes except the last, at most `limit` bytes each. Throws for a
 * limit below 1.
 */
export function partsOf(bytes: number, limit: number): readonly { readonly start: number; readonly end: number }[] {
  if (!(Number.isInteger(limit) && limit >= 1))
    throw new Error(`${limit} is not a part size; give a whole number of bytes, at least 1`);
  const count = Math.max(1, Math.ceil(bytes / limit));
  const size = Math.ceil(bytes / count);
  return Array.from({ length: count }, (_, index) => ({
    start: index * size,
    end: Math.min(bytes, (index + 1) * size),
  }));
}

/** Writes the parts of a file into `folder` as `<name>.part-00` and so on, which a shell's `*` lists in order. */
export function splitFile(file: string, folder: string, name: string, limit: number): readonly string[] {
  const source = openSync(file, "r");
  try {
    return partsOf(statSync(file).size, limit).map(({ start, end }, index) => {
      const bytes = Buffer.alloc(end - start);
      readSync(source, bytes, 0, bytes.length, start);
      const part = join(folder, `${name}.part-${String(index).padStart(2, "0")}`);
      writeFileSync(part, bytes);
      return part;
    });
  } finally {
    closeSync(source);
  }
}
