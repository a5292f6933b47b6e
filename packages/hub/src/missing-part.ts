/**
 * Returns the first missing part of a file that is split into numbered parts, e.g. "train-00001-of-00004.parquet".
 * Undefined when none is missing. `first` is the number of the first part.
 */
export function missingPart(list: readonly string[], first: 0 | 1): string | undefined {
  const paths = new Set(list);
  for (const path of paths) {
    const [, head, count, tail] = /^(.*-)\d{5}-of-(\d{5})(.*)$/s.exec(path) ?? [];
    for (let part = first; part < first + Number(count ?? 0); part++) {
      const other = `${head}${String(part).padStart(5, "0")}-of-${count}${tail}`;
      if (!paths.has(other)) return other;
    }
  }
  return undefined;
}
