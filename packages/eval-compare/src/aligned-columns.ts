export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** A line of titles and a line per row, with two spaces between columns. */
export function alignedColumns(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) =>
    columns
      .map(({ align }, column) => {
        const [cell, width] = [cells[column] ?? "", widths[column] ?? 0];
        return align === "left" ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
