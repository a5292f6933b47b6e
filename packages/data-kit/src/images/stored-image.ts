/** The image in a cell: an encoded file, or a file name. */
export interface StoredImage {
  readonly bytes?: Uint8Array;
  readonly path?: string;
}

/**
 * Returns the image in a cell of bytes, or of `{ bytes, path }` as Hugging Face `datasets` writes it. Null for an empty
 * cell, undefined for any other value.
 */
export function storedImage(cell: unknown): StoredImage | null | undefined {
  if (cell instanceof Uint8Array) return { bytes: cell };
  if (cell === null || cell === undefined) return null;
  if (typeof cell !== "object" || !("bytes" in cell || "path" in cell)) return undefined;
  const { bytes, path }: { readonly bytes?: unknown; readonly path?: unknown } = cell;
  if (bytes instanceof Uint8Array) return { bytes };
  if (isEmpty(bytes) && typeof path === "string" && path !== "") return { path };
  return isEmpty(bytes) && (isEmpty(path) || path === "") ? null : undefined;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined;
}
