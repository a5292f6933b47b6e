import type { FileMetaData } from "hyparquet";

type Cells = readonly unknown[];

/**
 * Returns a function that returns the cell of a row by index. `read` reads the cells of one row group, from its first
 * row up to its end row. The least recently used groups are dropped beyond 256 MiB uncompressed, because rows are
 * rarely requested in the order of the file.
 */
export function groupCells(
  metadata: FileMetaData,
  read: (rowStart: number, rowEnd: number) => Promise<Cells>,
): (index: number) => Promise<unknown> {
  const groups = groupsOf(metadata);
  /** The row groups in memory, the least recently used first. */
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

/** Drops the least recently used row groups. The newest group stays whatever its size. */
function makeRoom(kept: Map<Group, Promise<Cells>>): void {
  let bytes = [...kept.keys()].reduce((sum, group) => sum + group.bytes, 0);
  for (const group of kept.keys()) {
    if (bytes <= KEPT_BYTES || kept.size === 1) return;
    kept.delete(group);
    bytes -= group.bytes;
  }
}
