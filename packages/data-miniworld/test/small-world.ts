import { readFile } from "node:fs/promises";
import type { MiniworldOptions } from "@mlan/data-miniworld";
import type { z } from "zod";

/** A miniworld with a few rows of everything. */
export const SMALL: MiniworldOptions = {
  raceArticles: 8,
  openbookqaQuestions: 8,
  boolqQuestions: 60,
  hellaswagSources: 4,
  realworldqaImages: 6,
  ai2dImages: 4,
  popeImages: 20,
  gqaImages: 4,
  scienceqaImages: 4,
  captions: 30,
  instructions: 200,
};

/** The rows of a JSONL file, each of which must fit the schema. */
export async function readLines<Schema extends z.ZodType>(file: URL, schema: Schema): Promise<z.infer<Schema>[]> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.map((line) => schema.parse(JSON.parse(line)));
}
