import { imageColumn, localFolder, rowsFrom } from "@mlan/data-kit";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { readFileSync } from "node:fs";
import { folderWith } from "@mlan/testing";
import { z } from "zod";

export const FIXTURES = new URL("fixtures/parquet/", import.meta.url);

const schema = z.object({ question: z.string(), answer: z.boolean() });

export function reader(folder: URL, files: readonly string[]) {
  return rowsFrom({ errorPrefix: "data-kit-test", source: localFolder("data-kit-test", folder), files, schema });
}

export async function read(content: Readonly<Record<string, string | Uint8Array>>, files: readonly string[]) {
  return reader(await folderWith(content), files).read();
}

export function imageReader(folder: URL, files: readonly string[]) {
  return rowsFrom({
    errorPrefix: "data-kit-test",
    source: localFolder("data-kit-test", folder),
    files,
    schema: z.object({ image: imageColumn }),
    images: { column: "image" },
  });
}

export function parquet(columnData: ColumnSource[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

export function fixture(name: string): Buffer {
  return readFileSync(new URL(name, FIXTURES));
}
