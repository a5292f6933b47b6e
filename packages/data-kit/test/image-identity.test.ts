import type { ImageReference } from "@mlan/core";
import { imageColumn, imageIdentity, localFolder, type RowReader, rowsFrom } from "@mlan/data-kit";
import { parquetWriteBuffer } from "hyparquet-writer";
import { writeFile } from "node:fs/promises";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";

const [RED, BLUE] = [new Uint8Array([1, 2]), new Uint8Array([3])];
const CELLS = [
  { bytes: RED, path: "one.png" },
  null,
  { bytes: BLUE, path: "one.png" },
  { bytes: null, path: null },
  { bytes: RED, path: null },
  { bytes: null, path: "red.png" },
];

test("recognizes equal images in a Parquet column by their bytes, and rows without an image", async () => {
  const images = await read(imageColumn.nullish());
  const identities = images.map((image) => image && imageIdentity(image));
  expect(identities[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(identities[4]).toBe(identities[0]);
  expect(identities[2]).not.toBe(identities[0]);
  expect([identities[1], identities[3], identities[5]]).toEqual([null, null, "red.png"]);
  expect(await images[2]?.read()).toEqual(BLUE);
  expect(images[2]?.name).toBe("test.parquet#2");
});

test("names the row of a missing image that the schema requires", async () => {
  await expect(read(imageColumn)).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(
      'data-kit-test: test.parquet row 1, column "image": expected an image, found null',
    ),
  });
});

test("is the name of an image that rows refer to by name", async () => {
  const folder = await folderWith({ "test.json": JSON.stringify([{ image: "red.png" }, { image: null }]) });
  const rows = await allRows(reader(folder, imageColumn.nullish()));
  expect(rows.map(({ image }) => image && imageIdentity(image))).toEqual(["red.png", null]);
});

test("refuses the images of a Parquet file that was overwritten after it was opened", async () => {
  const folder = await folderWith({ "test.parquet": parquetOf(CELLS) });
  const rows = await reader(folder, imageColumn.nullish()).read();
  await writeFile(new URL("test.parquet", folder), parquetOf(CELLS.map((cell) => cell && { ...cell, bytes: BLUE })));
  const { image } = await rows.at(0);
  await expect(image?.read()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringMatching(/^data-kit-test: image test\.parquet#0 .*has changed since it was opened/),
  });
});

type Images = z.ZodType<ImageReference | null | undefined>;

async function read(image: Images): Promise<readonly z.output<Images>[]> {
  const folder = await folderWith({ "test.parquet": parquetOf(CELLS) });
  return (await allRows(reader(folder, image))).map((row) => row.image);
}

function parquetOf(cells: readonly unknown[]): Uint8Array {
  const parquet = parquetWriteBuffer({
    columnData: [{ name: "image", data: [...cells] }],
    rowGroupSize: 2,
    schema: [
      { name: "root", num_children: 1 },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
    ],
  });
  return new Uint8Array(parquet);
}

function reader(folder: URL, image: Images): RowReader<{ readonly image?: z.output<Images> }> {
  return rowsFrom({
    errorPrefix: "data-kit-test",
    source: localFolder("data-kit-test", folder),
    files: ["test.parquet", "test.json"],
    schema: z.object({ image }),
    images: { column: "image", identify: true },
  });
}
