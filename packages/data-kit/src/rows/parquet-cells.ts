import type { FileMetaData } from "hyparquet";

type Cells = readonly unknown[];

/**
 * Returns a function that returns the cell of row `index`; `read` reads the cells of one row group, given its first and
 * end row. The least recently used groups are dropped beyond 256 MiB uncompressed, since rows are rarely requested in
 * file order.
 */
export function groupCells(
  metadata: FileMetaData,
  read: (rowStart: number, rowEnd: number) => Promise<Cells>,
): (index: number) => Promise<unknown> {
  const groups = groupsOf(metadata);
  /** The groups in memory, the least recently used first. */
  const kept = new Map<Group, Promise<Cells>>();
  return async (index) => {
    const group = groups.find(({ end }) => index < end);
    if (group === undefined) throw new RangeError(`row ${index} is in none of the file's row groups`);
    const cells = kept.get(group) ?? read(group.start, group.end);
    kept.delete(group);
    kept.set(group, cells);
    cells.catch(() => kept.delete(group));
    makeRoom(kept);
    return (await cells)[index - group.start];
  };
}

interface Group {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

const KEPT_BYTES = 256 * 2 ** 20;

function groupsOf(metadata: FileMetaData): readonly Group[] {
  let start = 0;
  return metadata.row_groups.map((group) => {
    const end = start + Number(group.num_rows);
    const result = { start, end, bytes: Number(group.total_byte_size) };
    start = end;
    return result;
  });
}

/** Drops the least recently used groups; the newest stays whatever its size. */
function makeRoom(kept: Map<Group, Promise<Cells>>): void {
  let bytes = [...kept.keys()].reduce((sum, group) => sum + group.bytes, 0);
  for (const group of kept.keys()) {
    if (bytes <= KEPT_BYTES || kept.size === 1) return;
    kept.delete(group);
    bytes -= group.bytes;
  }
}
