import { imageColumn, localFolder, rowsFrom } from "@mlan/data-kit";
import fc from "fast-check";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";

const FIXTURES = new URL("fixtures/parquet/", import.meta.url);

const schema = z.object({ question: z.string(), answer: z.boolean() });
const GOOD = { question: "is it so", answer: true, unused: [1] };

test.each([
  ["rows.json", JSON.stringify([GOOD, GOOD])],
  ["rows.jsonl", `\ufeff${JSON.stringify(GOOD)}\r\n\n${JSON.stringify(GOOD)}`],
])("reads the used columns of %s", async (name, content) => {
  const rows = await readAll({ [name]: content }, [name]);
  expect(rows).toEqual([1, 2].map(() => ({ question: "is it so", answer: true })));
});

test("reads lines that hold U+2028 as one row each", async () => {
  const rows = await readAll({ "rows.jsonl": '{"question":"a\u2028b","answer":true}\n' }, ["rows.jsonl"]);
  expect(rows).toEqual([{ question: "a\u2028b", answer: true }]);
});

test("gives back any rows that JSONL can hold", async () => {
  const row = fc.record({ question: fc.string({ unit: "grapheme" }), answer: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
      const folder = await folderWith({ "rows.jsonl": rows.map((one) => JSON.stringify(one)).join("\n") });
      expect(await allRows(reader(folder, ["rows.jsonl"]))).toEqual(rows);
    }),
    { numRuns: 50 },
  );
});

test("shows what a schema found within a text that it parsed", async () => {
  const parsed = z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(z.object({ label: z.enum(["A", "B"]) })));
  const folder = await folderWith({ "rows.jsonl": JSON.stringify({ items: '[{"label":"A"},{"label":"C"},{}]' }) });
  const source = localFolder("data-test", folder);
  const rows = rowsFrom({
    errorPrefix: "data-test",
    source,
    files: ["rows.jsonl"],
    schema: z.object({ items: parsed }),
  });
  await expect(rows.read()).rejects.toThrow(
    'data-test: rows.jsonl row 0 (line 1), column "items.1.label": expected "A" or "B", found "C"; ' +
      'column "items.2.label": expected "A" or "B", found nothing. Correct or remove that row.',
  );
});

test("reads the shards of the first pattern that has any, in the order of their names", async () => {
  const shard = (question: string): Uint8Array =>
    parquet([
      { name: "question", data: [question] },
      { name: "answer", data: [true] },
    ]);
  const files = {
    "data/test-00001-of-00002.parquet": shard("second"),
    "data/test-00000-of-00002.parquet": shard("first"),
    "data/train-00000-of-00001.parquet": shard("other split"),
    "test.jsonl": "not read",
  };
  const rows = await readAll(files, ["missing.json", "data/test-*.parquet", "test.jsonl"]);
  expect(rows.map(({ question }) => question)).toEqual(["first", "second"]);
});

test("reads one file of any name", async () => {
  const folder = await folderWith({ "my own rows.jsonl": JSON.stringify(GOOD) });
  expect(await allRows(reader(new URL("my own rows.jsonl", folder), ["rows.jsonl"]))).toHaveLength(1);
});

test("stamps the bytes of the files that hold the rows", async () => {
  const one = await read({ "rows.json": JSON.stringify([GOOD]) }, ["rows.json"]);
  const same = await read({ "rows.json": JSON.stringify([GOOD]), "other.json": "[]" }, ["rows.json"]);
  const changed = await read({ "rows.json": JSON.stringify([{ ...GOOD, answer: false }]) }, ["rows.json"]);
  expect(same.fingerprint).toBe(one.fingerprint);
  expect(changed.fingerprint).not.toBe(one.fingerprint);
});

test.each([
  [
    { question: "q", answer: "yes" },
    'data-kit-test: rows.jsonl row 1 (line 2), column "answer": expected true or false, found "yes". Correct or remove that row.',
  ],
  [{ question: "q" }, 'column "answer": expected true or false, found nothing'],
  [{ question: ["q"], answer: true }, 'column "question": expected text, found a list of 1'],
  [{ question: { text: "q" }, answer: true }, 'column "question": expected text, found an object'],
  [{ question: null, answer: true }, 'column "question": expected text, found null'],
  [17, "rows.jsonl row 1 (line 2): expected an object, found 17"],
])("names file, row and column of a bad row: %j", async (bad, message) => {
  const content = [GOOD, bad].map((row) => JSON.stringify(row)).join("\n");
  await expect(read({ "rows.jsonl": content }, ["rows.jsonl"])).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test.each([
  ["rows.jsonl", '{"question": "q", "answer": tr', "rows.jsonl row 0 (line 1): it is not JSON"],
  ["rows.jsonl", new Uint8Array([0x22, 0xff, 0x22]), "rows.jsonl row 0 (line 1): it is not JSON"],
  ["rows.json", '[{"question": "q"', "rows.json row 0: the file ends in the middle, after 17 bytes: it was truncated"],
  ["rows.parquet", "PAR1 but not really", "rows.parquet cannot be read as Parquet"],
])("refuses %s when it is damaged: %j", async (name, content, message) => {
  await expect(read({ [name]: content }, [name])).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test("refuses Parquet that was cut short", async () => {
  const whole = parquet([
    { name: "question", data: ["q"] },
    { name: "answer", data: [true] },
  ]);
  await expect(read({ "rows.parquet": whole.slice(0, -20) }, ["rows.parquet"])).rejects.toThrow(
    "cannot be read as Parquet",
  );
});

test("says what it looked for when there is no such folder, or none of the files", async () => {
  const folder = await folderWith({ "readme.md": "" });
  await expect(reader(folder, ["rows.json", "data/rows-*.parquet"]).read()).rejects.toThrow(
    "none of rows.json, data/rows-*.parquet",
  );
  await expect(reader(new URL("nowhere/", folder), ["rows.json"]).read()).rejects.toThrow("there is no folder or file");
});

test("stops when it is told to", async () => {
  const folder = await folderWith({ "rows.json": JSON.stringify([GOOD]) });
  await expect(reader(folder, ["rows.json"]).read({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
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

test.each([
  ["rows.parquet", parquet([{ name: "question", data: ["q"] }])],
  ["rows.jsonl", '{"question":"q"}\n{"question":"r"}'],
  ["rows.json", '[{"question":"q"}]'],
])("names a missing column once, with the columns that %s has", async (name, content) => {
  await expect(read({ [name]: content }, [name])).rejects.toMatchObject({
    code: "invalid-data",
    message: `data-kit-test: ${name}: column "answer" is missing; the file has columns question. Is it the right file, at the right revision?`,
  });
});

test("names all columns that are missing, and misses none that may be", async () => {
  const wanted = z.object({
    a: z.string(),
    b: imageColumn,
    c: z.string().optional(),
    d: z.string().default("e"),
    e: z.string().exactOptional(),
    f: z.string().nullish(),
  });
  const read = async (row: object) => {
    const folder = await folderWith({ "rows.json": JSON.stringify([row]) });
    const source = localFolder("t", folder);
    const images = { column: "b" };
    return allRows(rowsFrom({ errorPrefix: "t", source, files: ["rows.json"], schema: wanted, images }));
  };
  await expect(read({ x: 1, y: 2 })).rejects.toThrow('columns "a", "b" are missing; the file has columns x, y');
  expect(await read({ a: "a", b: "b.png" })).toMatchObject([{ a: "a", d: "e" }]);
});

test.each([
  ["rows.parquet", fixture("empty.parquet")],
  ["rows.jsonl", "\n"],
  ["rows.json", "[]"],
])("says that a split is empty, and which file it read: %s", async (name, content) => {
  const folder = await folderWith({ [name]: content });
  await expect(reader(folder, [name]).read()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(`data-kit-test: ${name} of ${fileURLToPath(folder)} holds no rows`),
  });
});

test("reads a split of which one shard is empty", async () => {
  const rows = await readAll({ "a-0.json": "[]", "a-1.json": JSON.stringify([GOOD]) }, ["a-*.json"]);
  expect(rows).toHaveLength(1);
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
  expect(await rows[0]!.image.find?.()).toEqual({ stamp: "" });
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

test("refuses a row that has anything but an image in its image column", async () => {
  const folder = await folderWith({ "rows.jsonl": '{"image": 17}' });
  await expect(imageReader(folder, ["rows.jsonl"]).read()).rejects.toThrow(
    'column "image": expected an image, found 17',
  );
});

function reader(folder: URL, files: readonly string[]) {
  return rowsFrom({ errorPrefix: "data-kit-test", source: localFolder("data-kit-test", folder), files, schema });
}

async function read(content: Readonly<Record<string, string | Uint8Array>>, files: readonly string[]) {
  return reader(await folderWith(content), files).read();
}

async function readAll(content: Readonly<Record<string, string | Uint8Array>>, files: readonly string[]) {
  return allRows(reader(await folderWith(content), files));
}

function imageReader(folder: URL, files: readonly string[]) {
  return rowsFrom({
    errorPrefix: "data-kit-test",
    source: localFolder("data-kit-test", folder),
    files,
    schema: z.object({ image: imageColumn }),
    images: { column: "image" },
  });
}

function parquet(columnData: ColumnSource[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

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

function fixture(name: string): Buffer {
  return readFileSync(new URL(name, FIXTURES));
}
