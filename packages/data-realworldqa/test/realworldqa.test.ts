import { realworldqa } from "@mlan/data-realworldqa";
import { describeBenchmarkContract, folderWith } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const fixtures = new URL("fixtures/", import.meta.url);
const benchmark = realworldqa({ folder: fixtures });

describeBenchmarkContract(benchmark);

test("asks the published rows, clustered by the path of the image", async () => {
  const examples = await benchmark.open();
  const questions = await Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
  expect(questions.map(({ id, target, cluster }) => [id, target, cluster])).toEqual([
    ["0", "B", "0.webp"],
    ["1", "Yes", "0.webp"],
    ["2", "1", "images/blue.png"],
    ["3", "D", "images/blue.png"],
  ]);
});

test("reads the Hub's layout: shards of Parquet with the images inside", async () => {
  const red = new Uint8Array(await readFile(new URL("images/red.png", fixtures)));
  const folder = await folderWith({ "test-00000-of-00002.parquet": parquetOf([red, red]) });
  const examples = await realworldqa({ folder }).open();
  const first = await examples.at(0);
  expect(first).toMatchObject({ id: "0", question: "Is it red?", target: "Yes", cluster: "0.webp" });
  expect(await first.images[0]?.read()).toEqual(red);
});

test("names the row of a Parquet file that has no image", async () => {
  const red = new Uint8Array(await readFile(new URL("images/red.png", fixtures)));
  const folder = await folderWith({ "test-00000-of-00002.parquet": parquetOf([red, null]) });
  await expect(realworldqa({ folder }).open()).rejects.toThrow(
    'data-realworldqa: test-00000-of-00002.parquet row 1, column "image": expected an image, found null',
  );
});

const OPTIONS = "Which?\nA. Left\nB. Right\n";

test.each([
  [{ answer: 3 }, 'data-realworldqa: test.jsonl row 0 (line 1), column "answer": expected text, found 3.'],
  [{ answer: undefined }, 'column "answer" is missing'],
  [{ image: undefined }, 'column "image" is missing'],
  [{ image: { bytes: "?" } }, 'column "image": expected an image, found an object'],
  [{ question: 3 }, 'column "question": expected text, found 3'],
  [{ image: "../outside.png" }, 'column "image": image "../outside.png" is outside its folder'],
])("names file, row and column of a bad row: %j", async (change, message) => {
  const row = { question: "Is it red?", answer: "Yes", image: "a.png", ...change };
  const folder = await folderWith({ "test.jsonl": JSON.stringify(row) });
  await expect(realworldqa({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test.each(["A", "a", " A.\n", "Left"])("keeps the published answer %j, which strict takes for A", async (answer) => {
  const folder = await folderWith({ "test.jsonl": JSON.stringify({ question: OPTIONS, answer, image: "a.png" }) });
  const options = realworldqa({ folder });
  const question = await (await options.open()).at(0);
  expect(question.target).toBe(answer);
  expect(options.protocol("strict").target?.(question)).toBe("A");
  const { extractor } = options.protocol("paper");
  expect(extractor("tuned").isCorrect("A", answer)).toBe(answer.toUpperCase() === "A");
});

test("names a missing image when it is read", async () => {
  const folder = await folderWith({
    "test.jsonl": JSON.stringify({ question: "Is it?", answer: "No", image: "a.png" }),
  });
  const { images } = await (await realworldqa({ folder }).open()).at(0);
  await expect(images[0]!.read()).rejects.toThrow('data-realworldqa: there is no image "a.png"');
});

test("refuses a split without rows", async () => {
  const folder = await folderWith({ "test.jsonl": "" });
  await expect(realworldqa({ folder }).open()).rejects.toThrow(
    /data-\w+: test\S* of .* holds no rows; give a file or folder that does/,
  );
});

test("refuses unknown options", () => {
  expect(() => realworldqa({ split: "test" } as object)).toThrow('data-realworldqa: there is no option "split"');
});

/** Two rows as the Hub publishes them. */
function parquetOf(images: readonly (Uint8Array | null)[]): Uint8Array {
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const;
  const file = parquetWriteBuffer({
    columnData: [
      { name: "image", data: images.map((bytes, index) => ({ bytes, path: bytes && `${index}.webp` })) },
      { name: "image_path", data: ["0.webp", "1.webp"] },
      { name: "question", data: ["Is it red?", "Is it blue?"] },
      { name: "answer", data: ["Yes", "No"] },
    ],
    schema: [
      { name: "root", num_children: 4 },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", ...text },
      ...["image_path", "question", "answer"].map((name) => ({ name, ...text })),
    ],
  });
  return new Uint8Array(file);
}
