import { imageColumn, joinedRows, localFolder, type RowReader, rowsFrom } from "@mlan/data-kit";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";

const IMAGES = [
  { id: "n1", image: "one.png" },
  { id: "n2", image: "missing.png" },
  { id: "n1", image: "again.png" },
];
const QUESTIONS = [
  { question: "first", imageId: "n2" },
  { question: "second", imageId: "n1" },
];

test("joins each row with the row of its key, and reads no image", async () => {
  const rows = await allRows(await joined(QUESTIONS, IMAGES));
  expect(rows.map(({ question, imageId }) => [question, imageId.id, imageId.image.name])).toEqual([
    ["first", "n2", "missing.png"],
    ["second", "n1", "one.png"],
  ]);
  expect(await rows[1]?.imageId.image.read()).toEqual(Buffer.from("png"));
});

test("names file, row, column and value of a key that the other table lacks", async () => {
  const reader = await joined([...QUESTIONS, { question: "third", imageId: "n3" }], IMAGES);
  await expect(reader.read()).rejects.toMatchObject({
    code: "invalid-data",
    message:
      'data-kit-test: questions.json row 2, column "imageId": expected an id of the images, found "n3". Correct or remove that row.',
  });
});

test("includes both tables in the fingerprint", async () => {
  const fingerprints = await Promise.all(
    [
      await joined(QUESTIONS, IMAGES),
      await joined(QUESTIONS, IMAGES),
      await joined(QUESTIONS.toReversed(), IMAGES),
      await joined(QUESTIONS, IMAGES.toReversed()),
    ].map(async (reader) => (await reader.read()).fingerprint),
  );
  expect(fingerprints[1]).toBe(fingerprints[0]);
  expect(new Set(fingerprints).size).toBe(3);
});

async function joined(questions: readonly object[], images: readonly object[]): Promise<RowReader<JoinedRow>> {
  const folder = await folderWith({
    "questions.json": JSON.stringify(questions),
    "images.json": JSON.stringify(images),
    "images/one.png": "png",
  });
  const common = { errorPrefix: "data-kit-test", source: localFolder("data-kit-test", folder) };
  return joinedRows({
    table: rowsFrom({
      ...common,
      files: ["images.json"],
      schema: z.object({ id: z.string(), image: imageColumn }),
      images: { column: "image" },
    }),
    keyOf: ({ id }) => id,
    expected: "an id of the images",
    rows: (imageId) =>
      rowsFrom({ ...common, files: ["questions.json"], schema: z.object({ question: z.string(), imageId }) }),
  });
}

interface JoinedRow {
  readonly question: string;
  readonly imageId: { readonly id: string; readonly image: z.output<typeof imageColumn> };
}
