import { localFolder, rowsFrom } from "@mlan/data-kit";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { folderWith, temporaryFolder } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";
import { zipOf } from "./zip-of.ts";

const schema = z.object({ q: z.string(), n: z.number() });
const ROWS = [
  { q: 'a, "b"\n[c]', n: 1 },
  { q: "é {", n: -2.5 },
];
const ARRAY = JSON.stringify(ROWS);
const PRETTY = JSON.stringify(ROWS, undefined, 2);
const LINES = ROWS.map((row) => JSON.stringify(row)).join("\n");
const CSV = 'q,n,other\r\n"a, ""b""\n[c]",1,\r\né {,-2.5,x\r\n';

// prettier-ignore
test.each([
  ["an array",                          "rows.json",    ARRAY],
  ["a pretty array",                    "rows.json",    PRETTY],
  ["an array behind a byte order mark", "rows.json",    `\ufeff ${ARRAY}\n`],
  ["lines called .json",                "rows.json",    LINES],
  ["an array called .jsonl",            "rows.jsonl",   ARRAY],
  ["a pretty array called .jsonl",      "rows.jsonl",   PRETTY],
  ["lines with CRLF and blank ones",    "rows.jsonl",   `\ufeff${LINES.replaceAll("\n", "\r\n\r\n")}\r\n`],
  [".ndjson",                           "rows.ndjson",  LINES],
  [".JSON",                             "rows.JSON",    ARRAY],
  [".JsonL",                            "rows.JsonL",   LINES],
  ["an ending of another kind",         "rows.txt",     LINES],
  ["no ending",                         "rows",         ARRAY],
  ["an array called .parquet",          "rows.parquet", ARRAY],
  ["CSV",                               "rows.csv",     CSV],
  ["CSV behind a byte order mark",      "rows.csv",     `\ufeff${CSV}`],
  ["CSV with semicolons",               "rows.CSV",     'q;n\n"a, ""b""\n[c]";1\né {;-2.5'],
  ["TSV",                               "rows.tsv",     'n\tq\n1\t"a, ""b""\n[c]"\n-2.5\té {\n'],
  ["JSON called .csv",                  "rows.csv",     LINES],
])("reads %s", async (_, name, content) => {
  const folder = await folderWith({ [name]: content });
  expect(await allRows(readerOf(new URL(name, folder)))).toEqual(ROWS);
});

test.each(["rows.JSON", "rows.ndjson", "rows.JSONL"])("finds %s in a folder", async (name) => {
  const folder = await folderWith({ [name]: LINES, "rows.json.bak": "", "xrows.json": "" });
  expect(await allRows(readerOf(folder, ["rows.json", "rows.jsonl"]))).toEqual(ROWS);
});

test("prefers the exact name to another letter case", async () => {
  const folder = await folderWith({ "rows.JSON": "[]", "rows.json": ARRAY });
  expect(await allRows(readerOf(folder, ["rows.json"]))).toEqual(ROWS);
});

test("gives the cells of a table the types that the schema wants", async () => {
  const wanted = z.object({
    text: z.string(),
    yes: z.boolean(),
    no: z.boolean(),
    list: z.array(z.string()),
    quoted: z.array(z.string()),
    absent: z.number().exactOptional(),
    either: z.union([z.string(), z.number()]),
  });
  const content = `text,yes,no,list,quoted,absent,either\n1,true,False,"['a', ""b""]","[""a""]",,3\n`;
  const folder = await folderWith({ "rows.csv": content });
  const reader = rowsFrom({ errorPrefix: "t", source: localFolder("t", folder), files: ["*.csv"], schema: wanted });
  expect(await allRows(reader)).toEqual([
    { text: "1", yes: true, no: false, list: ["a", "b"], quoted: ["a"], either: "3" },
  ]);
});

const UTF16 = Buffer.from(`\ufeff${ARRAY}`, "utf16le");

// prettier-ignore
test.each<[string, string, string | Uint8Array, string]>([
  ["gzip",             "rows.json.gz",  gzipSync(ARRAY),               "t: rows.json.gz is compressed with gzip; unpack it."],
  ["gzip as .json",    "rows.json",     gzipSync(ARRAY),               "t: rows.json is compressed with gzip; unpack it."],
  ["a zip",            "rows.json",     zipOf({ "rows.json": ARRAY }), "t: rows.json is a zip archive; unpack it."],
  ["a page of HTML",   "rows.json",     "\n<!DOCTYPE html><html>",     "is a page of HTML or XML, not rows"],
  ["a pointer of LFS", "rows.jsonl",    "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "is a Git LFS pointer, not the file; fetch it with `git lfs pull`"],
  ["nothing",          "rows.json",     "",                            "t: rows.json is empty; write or download it again."],
  ["UTF-16",           "rows.json",     UTF16,                         "t: rows.json is UTF-16 text; save it as UTF-8."],
  ["UTF-16, unmarked", "rows.json",     UTF16.subarray(2),             "t: rows.json is UTF-16 text; save it as UTF-8."],
  ["Latin 1",          "rows.json",     Buffer.from(ARRAY, "latin1"),  "t: rows.json row 1: it is not JSON"],
  ["NaN",              "rows.json",     '[{"q":"","n":NaN}]',          "t: rows.json row 0: it is not JSON (Unexpected token"],
  ["NaN in lines",     "rows.jsonl",    `${LINES}\n{"q":"","n":NaN}`,  "t: rows.jsonl row 2 (line 3): it is not JSON (Unexpected token"],
  ["a trailing comma", "rows.json",     `${ARRAY.slice(0, -1)},]`,     't: rows.json row 2: there is no value before "]"'],
  ["a missing value",  "rows.json",     `[,${ARRAY.slice(1)}`,         't: rows.json row 0: there is no value before ","'],
  ["two arrays",       "rows.json",     ARRAY + ARRAY,                 "t: rows.json row 2: the file continues after the end of its array. Write all rows into one array."],
  ["an open bracket",  "rows.json",     ARRAY.replace("}", ""),        "t: rows.json row 0: the file ends in the middle"],
  ["a cut array",      "rows.json",     ARRAY.slice(0, -9),            "or a bracket or quotation mark is missing. Download or write the file again."],
  ["a cut last line",  "rows.jsonl",    `${LINES}\n{"q":"b",`,         "and the file ends in it, without a line feed: it may have been truncated. Download or write the file again, or correct that row."],
  ["a cut row",        "rows.csv",      "q,n\na,1\nb",                 "t: rows.csv row 1 (line 3): it is not a row of the table (it has 1 cell, and the first row names 2 columns), and the file ends in it"],
  ["a bad last line",  "rows.jsonl",    `${LINES}\n{"q":"b",\n`,       "). Correct or remove that row."],
  ["a bracket more",   "rows.json",     ARRAY.replace("}", "}}"),      't: rows.json row 0: it has one "}" too many'],
  ["an object",        "rows.json",     JSON.stringify({ data: ROWS }), 'columns "q", "n" are missing; the file has columns data'],
  ["a pretty object",  "rows.json",     JSON.stringify({ data: ROWS }, undefined, 1), "t: rows.json holds one JSON object over several lines; rows are an array, or one object per line."],
  ["plain text",       "rows.json",     "Entry not found",             't: rows.json holds neither JSON nor Parquet: it begins with "Entry not found"'],
  ["text as Parquet",  "rows.parquet",  "Entry not found",             "t: rows.parquet holds neither JSON nor Parquet"],
  ["an Arrow file",    "rows.arrow",    "ARROW1\0\0",                  "is an Arrow file, which is not supported"],
  ["a picture",        "rows.json",     Buffer.from("\x89PNG\r\n", "latin1"), "is a PNG image, not rows"],
  ["a short row",      "rows.csv",      "q,n\na\n",                    "t: rows.csv row 0 (line 2): it is not a row of the table (it has 1 cell, and the first row names 2 columns)"],
  ["an open quote",    "rows.csv",      'q,n\na,1\n"b,2\n',            "t: rows.csv row 1: the file ends before a quotation mark opened in line 3 or later is closed. Close it, or download or write the file again."],
  ["a column twice",   "rows.csv",      "q,n,q\na,1,b\n",              'the first row names the column "q" twice'],
  ["a word for a number", "rows.csv",   "q,n\na,one\n",                't: rows.csv row 0 (line 2), column "n": expected a number, found "one"'],
  ["CR for line ends",  "rows.csv",     CSV.replaceAll("\r\n", "\r"), "t: rows.csv ends its lines in CR alone; save it with LF."],
  ["CR for line ends of JSON", "rows.jsonl", LINES.replaceAll("\n", "\r"), "t: rows.jsonl ends its lines in CR alone; save it with LF."],
  ["a big integer",    "rows.json",     '[{"q":"","n":9007199254740993}]', 't: rows.json row 0, column "n": expected a number, found "9007199254740993"'],
])("says of %s what it is", async (_, name, content, message) => {
  const folder = await folderWith({ [name]: content });
  await expect(readerOf(new URL(name, folder)).read()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

// prettier-ignore
test.each([
  ["of dictionaries", `[{'a': 'x'}\n {'a': ""y, it's [z]""}]`],
  ["of texts",        "['yes' 'no']"],
  ["of numbers",      "[ 1.5 -2.]"],
  ["inside a list",   "[{'a': array(['x', 'y'], dtype=object)}]"],
])("says that numpy printed a list %s", async (_, cell) => {
  const folder = await folderWith({ "rows.csv": `list\n"${cell}"\n` });
  const schema = z.object({ list: z.array(z.unknown()) });
  const rows = rowsFrom({ errorPrefix: "t", source: localFolder("t", folder), files: ["rows.csv"], schema });
  await expect(rows.read()).rejects.toThrow(/column "list": expected a list, found .*, which is a list as printed by numpy/s);
});

test.each(["[{'a': 'x'}, {'a': 'y'}]", "['a b', 'c']", "[]", "['x']", "[[1, 2], [3]]", "[{'a b': ['c d']}]"])(
  "does not take a list of Python for one of numpy: %s",
  async (cell) => {
    const folder = await folderWith({ "rows.csv": `list\n"${cell}"\n` });
    const schema = z.object({ list: z.array(z.unknown()) });
    const rows = rowsFrom({ errorPrefix: "t", source: localFolder("t", folder), files: ["rows.csv"], schema });
    expect(await allRows(rows)).toEqual([{ list: JSON.parse(cell.replaceAll("'", '"')) }]);
  },
);

test("says what a list of numpy is, however large", async () => {
  const folder = await folderWith({ "rows.csv": `list\n"['${"x".repeat(20_000_000)}' 'y']"\n` });
  const schema = z.object({ list: z.array(z.unknown()) });
  const rows = rowsFrom({ errorPrefix: "t", source: localFolder("t", folder), files: ["rows.csv"], schema });
  await expect(rows.read()).rejects.toThrow("which is a list as printed by numpy");
});

test("names an empty file once", async () => {
  const folder = await folderWith({ "rows.jsonl": "\n" });
  await expect(readerOf(new URL("rows.jsonl", folder)).read()).rejects.toThrow(
    `t: rows.jsonl of ${fileURLToPath(folder)} holds no rows; give a file or folder that does.`,
  );
});

test("keeps lone surrogates and NUL in texts", async () => {
  const folder = await folderWith({ "rows.json": String.raw`[{"q":"\ud83d\u0000","n":1}]` });
  expect(await allRows(readerOf(folder))).toEqual([{ q: "\ud83d\0", n: 1 }]);
});

test("shows where it looked as it is on disk, and what is there instead", async () => {
  const folder = await folderWith({ "a%20b%20%25/other.txt": "", "a%20b%20%25/more.md": "" });
  const place = new URL("a%20b%20%25/", folder);
  await expect(readerOf(place).read()).rejects.toThrow(
    `t: ${fileURLToPath(place)} has none of rows.json; it has more.md, other.txt. Give the folder that has one, or the file itself.`,
  );
});

test("takes paths, and a file or folder for the other", async () => {
  const folder = await folderWith({ "rows.json": ARRAY, "deep/rows.json/x.json": ARRAY });
  const path = fileURLToPath(folder);
  for (const place of [path, path.slice(0, -1), `${path}rows.json`, `${path}rows.json/`]) {
    expect(await allRows(readerOf(place))).toEqual(ROWS);
  }
  await expect(readerOf(`${path}deep`).read()).rejects.toThrow("deep has none of rows.json; it has rows.json/x.json.");
  await expect(readerOf(temporaryFolder()).read()).rejects.toThrow(" has none of rows.json; it has no files. Give");
  expect(() => localFolder("t", "https://example.org/rows.json")).toThrow(/is not on this machine/);
});

test("names a place that cannot be read, and why", async () => {
  const folder = temporaryFolder();
  await symlink("loop", new URL("loop", folder));
  await symlink("nowhere", new URL("rows.json", folder));
  const unavailable = (message: string) => ({ code: "unavailable", message: expect.stringContaining(message) });
  await expect(readerOf(new URL("loop", folder)).read()).rejects.toMatchObject(unavailable("cannot be read (ELOOP"));
  await expect(readerOf(folder).read()).rejects.toMatchObject(unavailable("rows.json cannot be read (ENOENT"));
  await expect(readerOf("/dev/null").read()).rejects.toThrow("is neither a folder nor a file with content");
});

test("names a file that changed after it was opened", async () => {
  const folder = await folderWith({ "rows.json": ARRAY, "rows.jsonl": LINES });
  for (const name of ["rows.json", "rows.jsonl"]) {
    const file = new URL(name, folder);
    const rows = await readerOf(file).read();
    await writeFile(file, (name === "rows.json" ? ARRAY : LINES).replace("é", "è"));
    expect(await rows.at(0)).toEqual(ROWS[0]);
    await expect(rows.at(1)).rejects.toThrow(`t: ${name} has changed since it was opened (row 1)`);
    await writeFile(file, "");
    await expect(rows.at(1)).rejects.toThrow("has changed since it was opened");
  }
  const rows = await readerOf(new URL("other.json", await folderWith({ "other.json": ARRAY }))).read();
  await expect(rows.at(2)).rejects.toThrow(RangeError);
});

test("keeps long integers of a row with millions of escapes", async () => {
  const text = '\\"'.repeat(6_000_000);
  const row = `{"a":"1234567890123456\\\\","n":12345678901234567890,"text":${JSON.stringify(text)},"m":[-9007199254740993]}`;
  const folder = await folderWith({ "rows.jsonl": row });
  const schema = z.object({ a: z.string(), n: z.string(), text: z.string(), m: z.array(z.string()) });
  const source = localFolder("t", folder);
  const found = await (await rowsFrom({ errorPrefix: "t", source, files: ["rows.jsonl"], schema }).read()).at(0);
  expect({ ...found, text: found.text.length }).toEqual({
    a: "1234567890123456\\",
    n: "12345678901234567890",
    text: text.length,
    m: ["-9007199254740993"],
  });
});

test("says that what a pattern names is a folder", async () => {
  const folder = temporaryFolder();
  await mkdir(new URL("target/", folder));
  await symlink("target", new URL("rows.json", folder));
  await expect(readerOf(folder).read()).rejects.toMatchObject({
    code: expect.stringMatching(/invalid-data|unavailable/),
  });
});

function readerOf(place: URL | string, files: readonly string[] = ["rows.json"]) {
  return rowsFrom({ errorPrefix: "t", source: localFolder("t", place), files, schema });
}
