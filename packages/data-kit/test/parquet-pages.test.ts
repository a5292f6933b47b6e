import { localFolder, rowsFrom } from "@mlan/data-kit";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";

const FOLDER = new URL("fixtures/parquet-pages/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".parquet"));
const ROWS: unknown = JSON.parse(readFileSync(new URL("rows.json", FOLDER), "utf8"));

const schema = z.object({ id: z.number(), flag: z.unknown(), messages: z.unknown(), none: z.unknown() });

test("there are files of both versions", () => {
  expect(FILES).toHaveLength(16);
});

test.each(FILES)("reads nested lists with empty ones and nulls as Arrow does: %s", async (file) => {
  const reader = rowsFrom({ errorPrefix: "t", source: localFolder("t", FOLDER), files: [file], schema });
  expect(await allRows(reader)).toEqual(ROWS);
});
