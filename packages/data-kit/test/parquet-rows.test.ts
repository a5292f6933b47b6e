import { realpath } from "node:fs/promises";
import { imageColumn, localFolder, rowsFrom } from "@mlan/data-kit";
import { parquetWriteBuffer } from "hyparquet-writer";
import { createHash } from "node:crypto";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";
import { FIXTURES, read, imageReader, parquet, fixture } from "./read-rows.ts";

test("refuses Parquet that was cut short", async () => {
  const whole = parquet([
    { name: "question", data: ["q"] },
    { name: "answer", data: [true] },
  ]);
  await expect(read({ "rows.parquet": whole.slice(0, -20) }, ["rows.parquet"])).rejects.toThrow(
    "cannot be read as Parquet",
  );
});

test("reads Parquet's 64-bit integers as numbers, and names one that no number holds", async () => {
  const data = [1n, -(2n ** 53n) + 1n, 2n ** 53n];
  const folder = await folderWith({
    "good.parquet": parquet([{ name: "count", data: data.slice(0, 2), type: "INT64" }]),
    "rows.parquet": parquet([{ name: "count", data, type: "INT64" }]),
  });
  const read = async (file: string) => {
    const source = localFolder("t", folder);
    return allRows(rowsFrom({ errorPrefix: "t", source, files: [file], schema: z.object({ count: z.number() }) }));
  };
  expect(await read("good.parquet")).toEqual([{ count: 1 }, { count: -(2 ** 53) + 1 }]);
  await expect(read("rows.parquet")).rejects.toThrow(
    'rows.parquet row 2, column "count": expected a number, found 9007199254740992',
  );
});

test("reads images inside Parquet, row group by row group, in any order", async () => {
  const count = 10;
  const images = Array.from({ length: count }, (_, index) => ({ bytes: new Uint8Array(300).fill(index), path: null }));
  const file = parquetWithImages(images, 3);
  const folder = await folderWith({ "rows.parquet": file });
  const rows = await allRows(imageReader(folder, ["rows.parquet"]));
  expect(rows).toHaveLength(count);
  for (const index of [9, 0, 4, 3, 9, 1]) expect(await rows[index]!.image.read()).toEqual(images[index]!.bytes);
  const together = await Promise.all(rows.map(({ image }) => image.read()));
  expect(together).toEqual(images.map(({ bytes }) => bytes));
});

test("reads the file that a Parquet row names when it holds no bytes", async () => {
  const pixels = new Uint8Array([1, 2]);
  const file = parquetWithImages(
    [
      { bytes: null, path: "a.png" },
      { bytes: pixels, path: null },
    ],
    10,
  );
  const folder = await folderWith({ "rows.parquet": file, "images/a.png": "pixels" });
  const rows = await allRows(imageReader(folder, ["rows.parquet"]));
  expect(Buffer.from(await rows[0]!.image.read()).toString()).toBe("pixels");
  expect(await rows[1]!.image.read()).toEqual(pixels);
  // The file, just written, must be read to be known; bytes inside Parquet count in the fingerprint of the rows.
  const found = await realpath(new URL("images/a.png", folder));
  expect(await rows[0]!.image.find?.()).toEqual({ stamp: "", file: found });
  expect(await rows[1]!.image.find?.()).toEqual({ stamp: "", digest: "" });
});

test("names the Parquet row that has neither an image nor the name of one", async () => {
  const images = [
    { bytes: new Uint8Array([1]), path: null },
    { bytes: null, path: null },
  ];
  const folder = await folderWith({ "rows.parquet": parquetWithImages(images, 1) });
  await expect(imageReader(folder, ["rows.parquet"]).read()).rejects.toThrow(
    'rows.parquet row 1, column "image": expected an image, found null',
  );
});

const string = z.string();

const WRITTEN: Readonly<Record<string, z.ZodObject>> = {
  scienceqa: z.object({
    image: imageColumn.nullable(),
    question: string,
    choices: z.array(string),
    answer: z.int(),
    hint: string,
  }),
  openbookqa: z.object({
    id: string,
    choices: z.object({ text: z.array(string), label: z.array(string) }),
    answerKey: string,
  }),
  hellaswag: z.object({ ind: z.int(), ctx_b: string, endings: z.array(string), label: string, count: z.int() }),
  "large-string": z.object({ question: string, options: z.array(string), image: imageColumn }),
  nulls: z.object({
    text: string.nullable(),
    list: z.array(string.nullable()).nullable(),
    structure: z.object({ label: string.nullable(), list: z.array(z.int()).nullable() }).nullable(),
    number: z.int().nullable(),
  }),
  dictionary: z.object({ imageId: string, isBalanced: z.boolean() }),
};

test.each(Object.entries(WRITTEN))("reads what Hugging Face datasets wrote: %s", async (name, schema) => {
  const images = { column: "image" };
  const source = localFolder("data-kit-test", FIXTURES);
  const reader = rowsFrom({ errorPrefix: "data-kit-test", source, files: [`${name}.parquet`], schema, images });
  const rows = await allRows(reader);
  const plain = await Promise.all(rows.map(withHashOfImage));
  expect(plain).toEqual(JSON.parse(fixture(`${name}.json`).toString()));
});

async function withHashOfImage(row: Readonly<Record<string, unknown>>): Promise<object> {
  const image = imageColumn.safeParse(row["image"]).data;
  if (!image) return row;
  const hash = createHash("sha256").update(await image.read());
  return { ...row, image: hash.digest("hex") };
}

test("tells rows without an image in a file without statistics", async () => {
  const images = [null, { bytes: new Uint8Array([5]), path: null }, null];
  const folder = await folderWith({ "rows.parquet": parquetWithImages(images, 2, false) });
  const nullable = rowsFrom({
    errorPrefix: "t",
    source: localFolder("t", folder),
    files: ["rows.parquet"],
    schema: z.object({ image: imageColumn.nullable() }),
    images: { column: "image" },
  });
  const rows = await allRows(nullable);
  expect(rows.map(({ image }) => image === null)).toEqual([true, false, true]);
  expect(await rows[1]!.image!.read()).toEqual(new Uint8Array([5]));
});

/** The layout of the Hub's image columns: a structure of bytes and path. */
function parquetWithImages(
  data: ({ bytes: Uint8Array | null; path: string | null } | null)[],
  rowGroupSize: number,
  statistics = true,
): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "image", data }],
      rowGroupSize,
      statistics,
      schema: [
        { name: "root", num_children: 1 },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ],
    }),
  );
}
