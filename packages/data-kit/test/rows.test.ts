import { imageColumn, localFolder, rowsFrom } from "@mlan/data-kit";
import fc from "fast-check";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "./temporary-folder.ts";

const schema = z.object({ question: z.string(), answer: z.boolean() });
const GOOD = { question: "is it so", answer: true, unused: [1] };

test.each([
  ["rows.json", JSON.stringify([GOOD, GOOD])],
  ["rows.jsonl", `\ufeff${JSON.stringify(GOOD)}\r\n\n${JSON.stringify(GOOD)}`],
])("reads the used columns of %s", async (name, content) => {
  const { rows } = await read({ [name]: content }, [name]);
  expect(rows).toEqual([1, 2].map(() => ({ question: "is it so", answer: true })));
});

test("reads lines that hold U+2028 as one row each", async () => {
  const { rows } = await read({ "rows.jsonl": '{"question":"a\u2028b","answer":true}\n' }, ["rows.jsonl"]);
  expect(rows).toEqual([{ question: "a\u2028b", answer: true }]);
});

test("gives back any rows that JSONL can hold", async () => {
  const row = fc.record({ question: fc.string({ unit: "grapheme" }), answer: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(row), async (rows) => {
      const folder = await temporaryFolder({ "rows.jsonl": rows.map((one) => JSON.stringify(one)).join("\n") });
      expect((await reader(folder, ["rows.jsonl"]).read()).rows).toEqual(rows);
    }),
    { numRuns: 50 },
  );
});

test("shows what a schema found within a text that it parsed", async () => {
  const parsed = z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(z.object({ label: z.enum(["A", "B"]) })));
  const folder = await temporaryFolder({ "rows.jsonl": JSON.stringify({ items: '[{"label":"A"},{"label":"C"},{}]' }) });
  const source = localFolder("data-test", folder);
  const rows = rowsFrom({ speaker: "data-test", source, files: ["rows.jsonl"], schema: z.object({ items: parsed }) });
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
  const { rows } = await read(files, ["missing.json", "data/test-*.parquet", "test.jsonl"]);
  expect(rows.map(({ question }) => question)).toEqual(["first", "second"]);
});

test("reads one file of any name", async () => {
  const folder = await temporaryFolder({ "my own rows.jsonl": JSON.stringify(GOOD) });
  expect((await reader(new URL("my own rows.jsonl", folder), ["rows.jsonl"]).read()).rows).toHaveLength(1);
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
    'data-kit-test: rows.jsonl row 1 (line 2), column "answer": expected boolean, found "yes". Correct or remove that row.',
  ],
  [{ question: "q" }, 'column "answer": expected boolean, found nothing'],
  [{ question: ["q"], answer: true }, 'column "question": expected string, found a list of 1'],
  [{ question: { text: "q" }, answer: true }, 'column "question": expected string, found an object'],
  [{ question: null, answer: true }, 'column "question": expected string, found null'],
  [17, "rows.jsonl row 1 (line 2): expected object, found 17"],
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
  ["rows.json", '[{"question": "q"', "rows.json cannot be read as JSON"],
  ["rows.json", '{"question": "q"}', "rows.json holds object, not the array of rows"],
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
  const folder = await temporaryFolder({ "readme.md": "" });
  await expect(reader(folder, ["rows.json", "data/rows-*.parquet"]).read()).rejects.toThrow(
    "none of rows.json, data/rows-*.parquet",
  );
  await expect(reader(new URL("nowhere/", folder), ["rows.json"]).read()).rejects.toThrow("there is no folder or file");
});

test("stops when it is told to", async () => {
  const folder = await temporaryFolder({ "rows.json": JSON.stringify([GOOD]) });
  await expect(reader(folder, ["rows.json"]).read({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});

test("reads Parquet's 64-bit integers as numbers, and names a missing column", async () => {
  const folder = await temporaryFolder({ "rows.parquet": parquet([{ name: "count", data: [1n, 2n], type: "INT64" }]) });
  const counts = rowsFrom({
    speaker: "t",
    source: localFolder("t", folder),
    files: ["rows.parquet"],
    schema: z.object({ count: z.number() }),
  });
  expect((await counts.read()).rows).toEqual([{ count: 1 }, { count: 2 }]);
  const missing = rowsFrom({ speaker: "t", source: localFolder("t", folder), files: ["rows.parquet"], schema });
  await expect(missing.read()).rejects.toThrow('column "question": expected string, found nothing');
});

test("reads images inside Parquet, row group by row group, in any order", async () => {
  const count = 10;
  const images = Array.from({ length: count }, (_, index) => ({ bytes: new Uint8Array(300).fill(index), path: null }));
  const file = parquetWithImages(images, 3);
  const folder = await temporaryFolder({ "rows.parquet": file });
  const { rows } = await imageReader(folder, ["rows.parquet"]).read();
  expect(rows).toHaveLength(count);
  for (const index of [9, 0, 4, 3, 9, 1]) expect(await rows[index]!.image.read()).toEqual(images[index]!.bytes);
  const together = await Promise.all(rows.map(({ image }) => image.read()));
  expect(together).toEqual(images.map(({ bytes }) => bytes));
});

test("reads the file that a Parquet row names when it holds no bytes, and says when there is neither", async () => {
  const file = parquetWithImages(
    [
      { bytes: null, path: "a.png" },
      { bytes: null, path: null },
    ],
    10,
  );
  const folder = await temporaryFolder({ "rows.parquet": file, "images/a.png": "pixels" });
  const { rows } = await imageReader(folder, ["rows.parquet"]).read();
  expect(Buffer.from(await rows[0]!.image.read()).toString()).toBe("pixels");
  await expect(rows[1]!.image.read()).rejects.toThrow("rows.parquet#1 holds no image");
});

test("refuses a row that has anything but an image in its image column", async () => {
  const folder = await temporaryFolder({ "rows.jsonl": '{"image": 17}' });
  await expect(imageReader(folder, ["rows.jsonl"]).read()).rejects.toThrow(
    'column "image": expected an image, found 17',
  );
});

function reader(folder: URL, files: readonly string[]) {
  return rowsFrom({ speaker: "data-kit-test", source: localFolder("data-kit-test", folder), files, schema });
}

async function read(content: Readonly<Record<string, string | Uint8Array>>, files: readonly string[]) {
  return reader(await temporaryFolder(content), files).read();
}

function imageReader(folder: URL, files: readonly string[]) {
  return rowsFrom({
    speaker: "data-kit-test",
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
  data: { bytes: Uint8Array | null; path: string | null }[],
  rowGroupSize: number,
): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "image", data }],
      rowGroupSize,
      schema: [
        { name: "root", num_children: 1 },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ],
    }),
  );
}
