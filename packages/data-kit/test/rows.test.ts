import { imageColumn, localFolder, rowsFrom } from "@mlan/data-kit";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";
import { reader, read, imageReader, parquet, fixture } from "./read-rows.ts";

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

test("refuses a row that has anything but an image in its image column", async () => {
  const folder = await folderWith({ "rows.jsonl": '{"image": 17}' });
  await expect(imageReader(folder, ["rows.jsonl"]).read()).rejects.toThrow(
    'column "image": expected an image, found 17',
  );
});

async function readAll(content: Readonly<Record<string, string | Uint8Array>>, files: readonly string[]) {
  return allRows(reader(await folderWith(content), files));
}
