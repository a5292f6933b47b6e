/** A column of a table. Numeric cells are right-aligned. */
export interface Column {
  readonly heading: string;
  readonly numeric?: boolean;
}

/** Formats headings and rows in aligned columns, without trailing spaces. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const headings = columns.map(({ heading }) => heading);
  const widths = columns.map((_, index) => Math.max(...[headings, ...rows].map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ numeric = false }, index) => {
        const [cell, width] = [cells[index] ?? "", widths[index] ?? 0];
        return numeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [headings, ...rows].map(line).join("\n");
}
