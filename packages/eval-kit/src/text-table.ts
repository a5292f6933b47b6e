export interface TextTable {
  readonly columns: readonly TextColumn[];
  readonly rows: readonly (readonly string[])[];
}

export interface TextColumn {
  readonly title: string;
  readonly align: "left" | "right";
  /**
   * Whether this is a key column: when a table is too wide, it is split into parts, and every part repeats the key
   * columns. Default false.
   */
  readonly key?: boolean;
}

const GAP = "  ";

/**
 * Returns the lines of a table without borders, at most `width` characters wide. A wider table is split into parts. A
 * single column that is too wide is not split.
 */
export function textTable({ columns, rows }: TextTable, width: number = Infinity): readonly string[] {
  const widths = columns.map(({ title }, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (shown: readonly number[], cells: readonly string[]): string =>
    shown
      .map((column) => aligned(cells[column] ?? "", columns[column]?.align, widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  return partsOf(columns, widths, width).flatMap((shown, part) => [
    ...(part > 0 ? [""] : []),
    line(
      shown,
      columns.map(({ title }) => title),
    ),
    ...rows.map((row) => line(shown, row)),
  ]);
}

/** Returns the columns of each part, by index. */
function partsOf(
  columns: readonly TextColumn[],
  widths: readonly number[],
  width: number,
): readonly (readonly number[])[] {
  const all = columns.map((_, column) => column);
  const keys = all.filter((column) => columns[column]?.key);
  const total = (shown: readonly number[]): number =>
    shown.reduce((sum, column) => sum + (widths[column] ?? 0) + GAP.length, -GAP.length);
  const parts: number[][] = [[...keys]];
  for (const column of all.filter((other) => !keys.includes(other))) {
    const part = parts.at(-1) ?? [];
    if (part.length === keys.length || total([...part, column]) <= width) part.push(column);
    else parts.push([...keys, column]);
  }
  return parts;
}

function aligned(cell: string, align: TextColumn["align"] | undefined, width: number): string {
  return align === "right" ? cell.padStart(width) : cell.padEnd(width);
}
