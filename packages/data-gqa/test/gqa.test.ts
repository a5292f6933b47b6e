import { gqa } from "@mlan/data-gqa";
import { describeBenchmarkContract, folderWith } from "@mlan/testing";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";

const fixtures = new URL("fixtures/", import.meta.url);
const benchmark = gqa({ folder: fixtures });

describeBenchmarkContract(benchmark);

test("asks the published rows, each with the image that it names and clustered by it", async () => {
  const examples = await benchmark.open();
  const questions = await Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
  expect(questions.map(({ id, target, cluster, images }) => [id, target, cluster, images[0]?.name])).toEqual([
    ["201", "blue", "n2", "blue.png"],
    ["202", "yes", "n1", "red.png"],
    ["203", "snow", "n1", "red.png"],
    ["204", "no", "n2", "blue.png"],
  ]);
  expect(new Uint8Array(await questions[0]!.images[0]!.read())).toEqual(await readImage("blue"));
});

test("reads the Hub's layout: two configurations, the images inside one of them", async () => {
  const [red, blue] = await Promise.all([readImage("red"), readImage("blue")]);
  const folder = await hubFolder({
    questions: [
      { name: "id", data: ["7", "8"] },
      { name: "imageId", data: ["n2", "n1"] },
      { name: "question", data: ["Which colour?", "Is it red?"] },
      { name: "answer", data: ["blue", "yes"] },
    ],
    images: { n1: red, n2: blue },
  });
  const examples = await gqa({ folder }).open();
  const [first, second] = await Promise.all([examples.at(0), examples.at(1)]);
  expect(first).toMatchObject({ id: "7", question: "Which colour?", target: "blue", cluster: "n2" });
  expect(await first?.images[0]?.read()).toEqual(blue);
  expect(await second?.images[0]?.read()).toEqual(red);
});

test("has the types of a question as its kind, where a table has them", async () => {
  const row = (id: string, types: unknown): string =>
    JSON.stringify({ id, imageId: "n1", question: "Is it?", answer: "no", types });
  const types = { structural: "query", semantic: "attr", detailed: "colorQuery" };
  const rows = [row("1", types), row("2", null), row("3", "none"), row("4", undefined)];
  const folder = await folderWith({
    "testdev_balanced_instructions.jsonl": rows.join("\n"),
    "testdev_balanced_images.jsonl": JSON.stringify({ id: "n1", image: "a.png" }),
  });
  const examples = await gqa({ folder }).open();
  const kinds = await Promise.all([0, 1, 2, 3].map(async (index) => (await examples.at(index)).kind));
  expect(kinds).toEqual(["query attr", undefined, undefined, undefined]);
});

test("reads the types of the Hub's layout, which are a structure", async () => {
  const folder = await hubFolder({
    questions: [
      { name: "id", data: ["7"] },
      { name: "imageId", data: ["n1"] },
      { name: "question", data: ["Which colour?"] },
      { name: "answer", data: ["blue"] },
      { name: "types", data: [{ detailed: "colorQuery", semantic: "attr", structural: "query" }] },
    ],
    schema: [
      { name: "root", num_children: 5 },
      ...["id", "imageId", "question", "answer"].map(textColumn),
      { name: "types", num_children: 3, repetition_type: "OPTIONAL" },
      ...["detailed", "semantic", "structural"].map(textColumn),
    ],
    images: { n1: await readImage("red") },
  });
  expect(await (await gqa({ folder }).open()).at(0)).toMatchObject({ id: "7", kind: "query attr" });
});

test("reads no image before it is needed", async () => {
  const folder = await folderWith({
    "testdev_balanced_instructions.jsonl": JSON.stringify({ id: "1", imageId: "n1", question: "Is it?", answer: "no" }),
    "testdev_balanced_images.jsonl": JSON.stringify({ id: "n1", image: "a.png" }),
  });
  const { images } = await (await gqa({ folder }).open()).at(0);
  await expect(images[0]!.read()).rejects.toThrow('data-gqa: there is no image "a.png"');
});

test("changes its fingerprint with either table", async () => {
  const [questions, images] = await Promise.all(
    ["instructions", "images"].map((name) => readFile(new URL(`testdev_balanced_${name}.jsonl`, fixtures), "utf8")),
  );
  const stamps = await Promise.all(
    [
      [questions, images],
      [questions, images],
      [`${questions}\n`, images],
      [questions, `${images}\n`],
    ].map(async ([instructions = "", pictures = ""]) => {
      const folder = await folderWith({
        "testdev_balanced_instructions.jsonl": instructions,
        "testdev_balanced_images.jsonl": pictures,
      });
      return (await gqa({ folder }).open()).fingerprint;
    }),
  );
  expect(stamps[1]).toBe(stamps[0]);
  expect(new Set(stamps).size).toBe(3);
});

test.each([
  [
    { imageId: "n3" },
    'data-gqa: testdev_balanced_instructions.jsonl row 0 (line 1), column "imageId": expected an id of testdev_balanced_images, found "n3".',
  ],
  [{ imageId: undefined }, 'column "imageId" is missing'],
  [{ answer: true }, 'column "answer": expected text, found true'],
  [{ question: null }, 'column "question": expected text, found null'],
])("names file, row and column of a bad row: %j", async (change, message) => {
  const row = { id: "1", imageId: "n1", question: "Is it?", answer: "no", ...change };
  const folder = await folderWith({
    "testdev_balanced_instructions.jsonl": JSON.stringify(row),
    "testdev_balanced_images.jsonl": JSON.stringify({ id: "n1", image: "a.png" }),
  });
  await expect(gqa({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test.each([
  [{ id: "n1" }, 'data-gqa: testdev_balanced_images.jsonl: column "image" is missing'],
  [{ id: "n1", image: { bytes: "?" } }, 'column "image": expected an image, found an object'],
  [{ image: "a.png" }, 'column "id" is missing'],
  [{ id: "n1", image: "../a.png" }, 'column "image": image "../a.png" is outside its folder'],
])("names file, row and column of a bad image: %j", async (row, message) => {
  const folder = await folderWith({
    "testdev_balanced_instructions.jsonl": JSON.stringify({ id: "1", imageId: "n1", question: "Is it?", answer: "no" }),
    "testdev_balanced_images.jsonl": JSON.stringify(row),
  });
  await expect(gqa({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test("says which table is missing, and refuses one without rows", async () => {
  const images = JSON.stringify({ id: "n1", image: "a.png" });
  const without = await folderWith({ "testdev_balanced_images.jsonl": images });
  await expect(gqa({ folder: without }).open()).rejects.toThrow(/has none of testdev_balanced_instructions/);
  const empty = await folderWith({
    "testdev_balanced_images.jsonl": images,
    "testdev_balanced_instructions.jsonl": "",
  });
  await expect(gqa({ folder: empty }).open()).rejects.toThrow(
    /data-\w+: test\S* of .* holds no rows; give a file or folder that does/,
  );
});

test("refuses unknown options", () => {
  expect(() => gqa({ file: fixtures } as object)).toThrow('data-gqa: there is no option "file"');
});

type SchemaElement = NonNullable<Parameters<typeof parquetWriteBuffer>[0]["schema"]>[number];

const textColumn = (name: string): SchemaElement => ({
  name,
  type: "BYTE_ARRAY",
  converted_type: "UTF8",
  repetition_type: "OPTIONAL",
});

async function hubFolder(tables: {
  readonly questions: ColumnSource[];
  readonly schema?: SchemaElement[];
  readonly images: Readonly<Record<string, Uint8Array>>;
}): Promise<URL> {
  const folder = await folderWith({});
  const write = async (table: string, file: ArrayBuffer): Promise<void> => {
    await mkdir(new URL(`${table}/`, folder));
    await writeFile(new URL(`${table}/testdev-00000-of-00001.parquet`, folder), new Uint8Array(file));
  };
  const { questions, schema } = tables;
  await write(
    "testdev_balanced_instructions",
    parquetWriteBuffer({ columnData: questions, ...(schema && { schema }) }),
  );
  const images = parquetWriteBuffer({
    columnData: [
      { name: "id", data: Object.keys(tables.images) },
      { name: "image", data: Object.values(tables.images).map((bytes) => ({ bytes, path: null })) },
    ],
    schema: [
      { name: "root", num_children: 2 },
      textColumn("id"),
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      textColumn("path"),
    ],
  });
  await write("testdev_balanced_images", images);
  return folder;
}

async function readImage(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`images/${name}.png`, fixtures)));
}
