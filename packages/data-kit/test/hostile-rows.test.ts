import { MlanError, type Random, seededRandom } from "@mlan/core";
import { imageColumn, localFolder, rowsFrom } from "@mlan/data-kit";
import { parse } from "csv-parse/sync";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { folderWith, temporaryFolder } from "@mlan/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const FIXTURES = new URL("fixtures/parquet/", import.meta.url);
const RUNS = 80;
const SLOWEST_MILLISECONDS = 10_000;
const MOST_KIBIBYTES = 2 ** 20;

const ROWS = Array.from({ length: 12 }, (_, index) => ({
  text: `row ${index}, "quoted" \\ {[é\u2028]}\n`,
  list: [index, -index / 3],
  more: { flag: index % 2 === 0, nothing: null },
}));
const JSON_TEXT = JSON.stringify(ROWS, undefined, 1);
const LINES_TEXT = ROWS.map((row) => JSON.stringify(row)).join("\n");
const CSV_TEXT = `text,list,more\n${ROWS.map(({ text }) => `"${text.replaceAll('"', '""')}",1,true`).join("\n")}\n`;

// prettier-ignore
describe.each<[string, string, (bytes: Uint8Array) => readonly unknown[]]>([
  ["an array", JSON_TEXT, (bytes) => asRows(JSON.parse(decode(bytes)))],
  ["lines", LINES_TEXT, (bytes) => decode(bytes).split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line))],
  ["a table", CSV_TEXT, (bytes) => parse(decode(bytes), { bom: true, columns: true, skip_empty_lines: true })],
])("%s that is damaged", (name, text, reference) => {
  const file = name === "a table" ? "rows.csv" : "rows.json";

  test(`is refused by name, or has the rows of another parser (${RUNS} times)`, async () => {
    const random = seededRandom(name.length);
    const folder = temporaryFolder();
    let read = 0;
    for (let run = 0; run < RUNS; run++) {
      const bytes = mutated(Buffer.from(text), random);
      await writeFile(new URL(file, folder), bytes);
      const rows = await outcome(folder, file, z.object({ text: z.unknown() }), `run ${run}`);
      if (rows === undefined) continue;
      read += 1;
      const expected = reference(bytes).map((row) => ({ text: Object(row).text }));
      expect(rows, `run ${run}: ${decode(bytes)}`).toEqual(expected);
    }
    expect(read).toBeGreaterThan(RUNS / 20);
  }, 120_000);
});

const PARQUET: Readonly<Record<string, z.ZodObject>> = {
  "scienceqa.parquet": z.object({ image: imageColumn.nullable(), question: z.unknown(), choices: z.unknown() }),
  "nulls.parquet": z.object({ text: z.unknown(), list: z.unknown(), structure: z.unknown(), number: z.unknown() }),
  "dictionary.parquet": z.object({ imageId: z.unknown(), isBalanced: z.unknown() }),
  "datasets-mixed.parquet": z.object({ image: imageColumn.nullable(), conversations: z.unknown() }),
};

describe.each(Object.entries(PARQUET))("%s that is damaged", (name, schema) => {
  const whole = readFileSync(new URL(name, FIXTURES));

  test(`is refused by name, or has all of its rows (${2 * RUNS} times)`, async () => {
    const random = seededRandom(name.length);
    const folder = await folderWith({ "rows.parquet": whole });
    const count = (await outcome(folder, "rows.parquet", schema, "whole"))?.length;
    const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
    for (let run = 0; run < 2 * RUNS; run++) {
      // Half of the damage is done to the footer, where the sizes are.
      const bytes = run % 2 === 0 ? mutated(whole, random) : mutated(whole, random, footer);
      await writeFile(new URL("rows.parquet", folder), bytes);
      const rows = await outcome(folder, "rows.parquet", schema, `run ${run}`);
      if (rows !== undefined) expect(rows.length, `run ${run}`).toBe(count);
    }
  }, 240_000);
});

/** Headers of endless runs as Thrift's variable-length integers: 2^31 - 1 equal values, and 2^31 bit-packed values. */
const ENDLESS_RUNS = [
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0x81, 0x80, 0x80, 0x80, 0x02],
];

test("a run of two billion values is refused or ignored, wherever it is written", async () => {
  const words = Array.from({ length: 12 }, (_, index) => (index % 7 === 0 ? null : ["red", "blue"][index % 2]));
  const optional = { repetition_type: "OPTIONAL" as const };
  const columns = [
    { name: "root", num_children: 3 },
    { name: "text", type: "BYTE_ARRAY" as const, converted_type: "UTF8" as const, ...optional },
    { name: "flag", type: "BOOLEAN" as const, ...optional },
    { name: "list", num_children: 1, converted_type: "LIST" as const, ...optional },
    { name: "list", num_children: 1, repetition_type: "REPEATED" as const },
    { name: "element", type: "INT32" as const, ...optional },
  ];
  const columnData = [
    { name: "text", data: words },
    { name: "flag", data: words.map((word) => word && word === "red") },
    { name: "list", data: words.map((word, index) => word && [index % 2, null]) },
  ];
  const schema = z.object({ text: z.unknown(), flag: z.unknown(), list: z.unknown() });
  const folder = temporaryFolder();
  let refused = 0;
  const whole = Buffer.from(parquetWriteBuffer({ columnData, schema: columns, codec: "UNCOMPRESSED" }));
  const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  for (let place = 4; place < footer; place++) {
    for (const run of ENDLESS_RUNS) {
      const bytes = Buffer.from(whole);
      bytes.set(run, place);
      await writeFile(new URL("rows.parquet", folder), bytes);
      const rows = await outcome(folder, "rows.parquet", schema, `byte ${place}`);
      if (rows === undefined) refused++;
      else expect(rows).toHaveLength(words.length);
    }
  }
  expect(refused).toBeGreaterThan(100);
}, 60_000);

test("hostile nesting, keys and sizes end in an error or in rows", async () => {
  const folder = temporaryFolder();
  const nested = "[".repeat(200_000) + "]".repeat(200_000);
  const hostile = [
    nested,
    "[".repeat(1_000_000),
    `[{"text":${nested}}]`,
    `[{"__proto__":{"text":"a"},"constructor":1,"text":"b"}]`,
    `[{"text":"${"x".repeat(20_000_000)}"}]`,
    `[{"text":"${"x".repeat(20_000_000)}]`,
    `{"text":1${"0".repeat(1_000_000)}}`,
    `[${'{"text":"a"},'.repeat(20_000)}{"text":"b"}]`,
    `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":0`).join(",")}}`,
    `text\n${'"'.repeat(1_000_001)}`,
    ",".repeat(500_000),
    "\n".repeat(500_000),
    '"\\'.repeat(1_000_000),
  ];
  for (const [index, content] of hostile.entries()) {
    for (const file of ["rows.json", "rows.jsonl", "rows.csv"]) {
      await writeFile(new URL(file, folder), content);
      await outcome(folder, file, z.object({ text: z.string() }), `${index} as ${file}`);
    }
  }
}, 120_000);

/**
 * Returns the rows. Undefined if the file was refused correctly: with an `MlanError` and a short message, in limited
 * time and memory.
 */
async function outcome(
  folder: URL,
  file: string,
  schema: z.ZodObject,
  label: string,
): Promise<readonly unknown[] | undefined> {
  const images = { column: "image" };
  const reader = rowsFrom({
    errorPrefix: "t",
    source: localFolder("t", new URL(file, folder)),
    files: [file],
    schema,
    images,
  });
  const begin = { time: performance.now(), peak: process.resourceUsage().maxRSS };
  const rows: unknown[] = [];
  try {
    await reader.read({ onRow: (row) => void rows.push(row) });
    return rows;
  } catch (error) {
    if (!MlanError.is(error)) throw new Error(`${label}: ${String(error)}`, { cause: error });
    expect(error.code, label).toBe("invalid-data");
    expect(error.message, label).toMatch(/^t: rows\.\w+/);
    expect(error.message.length, label).toBeLessThan(12_000);
    return undefined;
  } finally {
    expect(performance.now() - begin.time, label).toBeLessThan(SLOWEST_MILLISECONDS);
    expect(process.resourceUsage().maxRSS - begin.peak, label).toBeLessThan(MOST_KIBIBYTES);
  }
}

/**
 * Returns a copy with one to three changes after byte `from`: flipped bits, a truncation, a duplicated part, a run of
 * one byte, or a swap.
 */
function mutated(whole: Uint8Array, random: Random, from = 0): Uint8Array {
  let bytes = Buffer.from(whole);
  const place = (): number => from + random.below(Math.max(1, bytes.length - from));
  for (let change = 0; change <= random.below(3); change++) {
    const [at, kind] = [place(), random.below(6)];
    const length = Math.min(1 + random.below(8), bytes.length - at);
    if (kind <= 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (kind === 2) bytes.fill([0x00, 0x22, 0x5c, 0x7f, 0xff][random.below(5)] ?? 0, at, at + length);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    else if (random.below(4) === 0) bytes = bytes.subarray(0, Math.max(1, at));
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function asRows(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
