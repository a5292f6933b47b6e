import { conversationsFrom, imageColumn, localFolder, rowsFrom } from "@mlan/data-kit";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readFileSync } from "node:fs";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";

const IMAGE_OR_NONE = z.object({ image: imageColumn.nullable() });

/** Thrift's compact protocol writes the number of rows as field 3, an i64: 0x16, then twice the number. */
const ROWS_FIELD = 0x16;

test.each([
  [3, "its footer counts 3 rows, its row groups 6"],
  [7, "its footer counts 7 rows, its row groups 6"],
])("refuses a footer that counts %i of 6 rows", async (count, message) => {
  const whole = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "q", data: [..."abcdef"] }], rowGroupSize: 4 }),
  );
  const at = whole.findLastIndex((byte, index) => byte === ROWS_FIELD && whole[index + 1] === 12);
  const damaged = Uint8Array.from(whole);
  damaged[at + 1] = 2 * count;
  expect(await rowsOf(whole, z.object({ q: z.string() }))).toHaveLength(6);
  await expect(rowsOf(damaged, z.object({ q: z.string() }))).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(`t: rows.parquet cannot be read as Parquet (${message})`),
  });
});

test("names a cell with anything but an image, if images may be missing", async () => {
  const schema = [
    { name: "root", num_children: 1 },
    { name: "image", num_children: 2, repetition_type: "OPTIONAL" as const },
    { name: "bytes", type: "INT32" as const, repetition_type: "OPTIONAL" as const },
    {
      name: "path",
      type: "BYTE_ARRAY" as const,
      converted_type: "UTF8" as const,
      repetition_type: "OPTIONAL" as const,
    },
  ];
  const data = [null, { bytes: 5, path: null }];
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "image", data }], schema }));
  await expect(rowsOf(bytes, IMAGE_OR_NONE)).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining('t: rows.parquet row 1, column "image": expected an image'),
  });
});

test("names a structure that is not an image, if images may be missing", async () => {
  const schema = [
    { name: "root", num_children: 1 },
    { name: "image", num_children: 1, repetition_type: "OPTIONAL" as const },
    { name: "pixels", type: "BYTE_ARRAY" as const, repetition_type: "OPTIONAL" as const },
  ];
  const data = [{ pixels: new Uint8Array([1]) }];
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "image", data }], schema }));
  await expect(rowsOf(bytes, IMAGE_OR_NONE)).rejects.toThrow(
    'rows.parquet row 0, column "image": expected an image, found an object',
  );
});

test("refuses a page without the sizes that its decoder needs, which would keep it busy for ever", async () => {
  const bytes = readFileSync(new URL("fixtures/parquet/endless-page.parquet", import.meta.url));
  await expect(rowsOf(bytes, z.object({ imageId: z.string(), isBalanced: z.boolean() }))).rejects.toThrow(
    'cannot be read as Parquet (a page of column "isBalanced" claims levels of',
  );
});

test("reports truncation only for a truncated file", async () => {
  const whole = readFileSync(new URL("fixtures/parquet/datasets-mixed.parquet", import.meta.url));
  await expect(rowsOf(whole.subarray(0, -9), IMAGE_OR_NONE)).rejects.toThrow("so it was truncated");
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, whole.length - 40, whole.length - 8);
  const error: unknown = await rowsOf(damaged, IMAGE_OR_NONE).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("cannot be read as Parquet");
  expect(String(error)).not.toContain("cut short");
});

test("reads lists of images, as a column of several images has them", async () => {
  const [red, blue] = [new Uint8Array([1, 2]), new Uint8Array([3])];
  const schema = [
    { name: "root", num_children: 2 },
    { name: "images", num_children: 1, repetition_type: "OPTIONAL" as const, converted_type: "LIST" as const },
    { name: "list", num_children: 1, repetition_type: "REPEATED" as const },
    { name: "element", num_children: 2, repetition_type: "OPTIONAL" as const },
    { name: "bytes", type: "BYTE_ARRAY" as const, repetition_type: "OPTIONAL" as const },
    {
      name: "path",
      type: "BYTE_ARRAY" as const,
      converted_type: "UTF8" as const,
      repetition_type: "OPTIONAL" as const,
    },
    {
      name: "messages",
      type: "BYTE_ARRAY" as const,
      converted_type: "JSON" as const,
      repetition_type: "OPTIONAL" as const,
    },
  ];
  const said = (content: string) => [
    { role: "user", content },
    { role: "assistant", content: "Yes." },
  ];
  const columnData = [
    {
      name: "images",
      data: [
        [
          { bytes: red, path: null },
          { bytes: blue, path: null },
        ],
        [],
        null,
        [{ bytes: null, path: "cup.png" }],
      ],
    },
    { name: "messages", data: [said("<image><image>Same?"), said("Hi"), said("Hi"), said("<image>Cup?")] },
  ];
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, schema, rowGroupSize: 2 }));
  const folder = await folderWith({ "rows.parquet": bytes, "images/cup.png": "pixels" });
  const examples = await conversationsFrom({
    name: "t",
    source: localFolder("t", folder),
    files: ["*.parquet"],
  }).open();
  const images = await Promise.all([0, 1, 2, 3].map(async (index) => (await examples.at(index)).images));
  expect(images.map(({ length }) => length)).toEqual([2, 0, 0, 1]);
  expect(await Promise.all(images.flat().map((image) => image.read()))).toEqual([red, blue, Buffer.from("pixels")]);
  expect(images[0]?.map(({ name }) => name)).toEqual(["rows.parquet#0.0", "rows.parquet#0.1"]);
});

async function rowsOf<Shape extends z.ZodRawShape>(bytes: Uint8Array, schema: z.ZodObject<Shape>) {
  const folder = await folderWith({ "rows.parquet": bytes });
  const source = localFolder("t", folder);
  return allRows(rowsFrom({ errorPrefix: "t", source, files: ["rows.parquet"], schema, images: { column: "image" } }));
}
