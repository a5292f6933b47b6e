import { type ImageReference, messageOf, MlanError } from "@mlan/core";
import type { FileMetaData, RowGroup } from "hyparquet";
import type { ImageStore } from "../images/image-store.ts";

/** The image of one cell, read when it is needed. */
export function imageOfCell(
  speaker: string,
  name: string,
  cell: () => Promise<unknown>,
  store: ImageStore,
): ImageReference {
  return {
    name,
    async read() {
      let value: unknown;
      try {
        value = await cell();
      } catch (cause) {
        throw new MlanError("invalid-data", `${speaker}: image ${name} cannot be read (${messageOf(cause)}).`, {
          cause,
        });
      }
      const { bytes, path } = contentOf(value);
      if (bytes instanceof Uint8Array) return bytes;
      if (typeof path === "string") return store.image(path).read();
      throw new MlanError("invalid-data", `${speaker}: ${name} holds no image: neither bytes nor a path.`);
    },
  };
}

/**
 * The rows that have no image. Images are read for it, one row group at a time, only where the file's statistics do not
 * tell; without statistics only when images may be missing (`nullable`).
 */
export async function rowsWithoutImage(
  metadata: FileMetaData,
  column: string,
  nullable: boolean,
  read: (rowStart: number, rowEnd: number) => Promise<readonly Record<string, unknown>[]>,
): Promise<ReadonlySet<number>> {
  const without = new Set<number>();
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const nulls = nullCount(group, column);
    if (nulls === undefined ? nullable : nulls > 0n) {
      for (const [index, cells] of (await read(start, end)).entries()) {
        const { bytes, path } = contentOf(cells[column]);
        if (!(bytes instanceof Uint8Array) && typeof path !== "string") without.add(start + index);
      }
    }
    start = end;
  }
  return without;
}

/** Of the images' bytes; undefined when the file does not tell. */
function nullCount(group: RowGroup, column: string): bigint | undefined {
  const path = ({ meta_data }: RowGroup["columns"][number]): readonly string[] => meta_data?.path_in_schema ?? [];
  const leaf = group.columns.find((one) => path(one)[0] === column && [undefined, "bytes"].includes(path(one)[1]));
  return leaf?.meta_data?.statistics?.null_count;
}

function contentOf(cell: unknown): { readonly bytes?: unknown; readonly path?: unknown } {
  return cell instanceof Uint8Array ? { bytes: cell } : Object(cell);
}
