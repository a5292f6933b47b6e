import { lettered } from "@mlan/data-kit";
import { openbookqa, type OpenbookqaQuestion } from "@mlan/data-openbookqa";
import { describeBenchmarkContract, type PaperWording, temporaryFolder, WORDINGS } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

const benchmark = openbookqa({ folder: new URL("fixtures/", import.meta.url) });

describeBenchmarkContract(benchmark);

const ROW = {
  id: "7-1",
  question_stem: "Ice is",
  choices: { text: ["hot", "cold"], label: ["A", "B"] },
  answerKey: "B",
};

test("asks the published rows", async () => {
  const examples = await benchmark.open();
  expect(await examples.at(0)).toEqual({
    id: "1-10",
    images: [],
    stem: "A puddle dries up faster when",
    choices: lettered(["it is cold", "the wind blows", "it rains", "night falls"]),
    target: "B",
  });
  expect(benchmark.card).toMatchObject({ repository: "allenai/openbookqa", config: "main", split: "test", rows: 500 });
});

test("reads the Hub's Parquet, where choices are a structure of two lists", async () => {
  const folder = temporaryFolder();
  await mkdir(new URL("main/", folder));
  await mkdir(new URL("additional/", folder));
  await writeFile(new URL("main/test-00000-of-00001.parquet", folder), parquet([ROW]));
  await writeFile(new URL("additional/test-00000-of-00001.parquet", folder), "not read");
  const examples = await openbookqa({ folder }).open();
  expect(examples.length).toBe(1);
  expect(await examples.at(0)).toMatchObject({
    id: "7-1",
    stem: "Ice is",
    choices: lettered(["hot", "cold"]),
    target: "B",
  });
});

// prettier-ignore
test.each([
  [{ ...ROW, question_stem: undefined },  'column "question_stem": expected text, found nothing. The row has "id", "choices", "answerKey"'],
  [{ ...ROW, choices: ["hot", "cold"] },  'column "choices": expected an object, found a list of 2'],
  [{ ...ROW, choices: { text: ["hot", 3], label: ["A", "B"] } }, 'column "choices.text.1": expected text, found 3'],
  [{ ...ROW, choices: { text: ["hot"], label: ["A", "B"] } },    'column "choices": texts and labels differ in number'],
  [{ ...ROW, choices: { text: ["hot", "cold"], label: ["B", "B"] } }, 'column "choices": two choices have the same label'],
  [{ ...ROW, answerKey: "C" },            'column "answerKey": expected one of the labels A, B, found "C"'],
  [{ ...ROW, answerKey: "b" },            'column "answerKey": expected one of the labels A, B, found "b"'],
])("names file, row and column of a bad row: %j", async (bad, message) => {
  const folder = temporaryFolder();
  await writeFile(new URL("test.jsonl", folder), `${JSON.stringify(ROW)}\n${JSON.stringify(bad)}`);
  await expect(openbookqa({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: `data-openbookqa: test.jsonl row 1 (line 2), ${message}. Correct or remove that row.`,
  });
});

test("refuses a file without rows", async () => {
  const folder = temporaryFolder();
  await writeFile(new URL("test.jsonl", folder), "\n");
  await expect(openbookqa({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringMatching(/^data-\w+: \S+ of .* holds no rows; give a file or folder that does\.$/),
  });
});

test("refuses unknown options", () => {
  const options: object = { foldr: new URL("file:///") };
  expect(() => openbookqa(options)).toThrow('data-openbookqa: there is no option "foldr"');
});

// Recipe 3.5.
const question: OpenbookqaQuestion = {
  id: "0",
  images: [],
  stem: "The sun is responsible for",
  choices: lettered(["puppies", "children growing up old", "fire in a fireplace", "plants sprouting"]),
  target: "D",
};
const ASKED =
  "The sun is responsible for Choose the best option from the choices provided:\n" +
  "A: puppies\nB: children growing up old\nC: fire in a fireplace\nD: plants sprouting";
const NAMES: readonly PaperWording[] = ["tuned", "llama2-base", "vicuna-base"];

describe("the paper protocol", () => {
  const protocol = benchmark.protocol("paper");
  const extractor = protocol.extractor("tuned");

  // Recipe 3.5, expanded by the original code.
  test.each(NAMES)("asks every model in the wording of openbookqa_em (%s)", (wording) => {
    expect(protocol.prompt(question, WORDINGS[wording])).toEqual({
      kind: "raw",
      text: `User: ${ASKED}\nAssistant: The best answer is"`,
      beginOfSequence: false,
      harness: "language",
    });
  });

  test("generates and stops as the original harness does", () => {
    expect(protocol.maximumNewTokens).toBe(20);
    expect([...extractor.stop].toSorted()).toEqual(["User:", '"', ":", ".", ",", "</s>"].toSorted());
  });

  // Recipe A.5, executed, and the exact match that counts case (Q10). The target is A.
  // prettier-ignore
  test.each([
    ["A",                        "A",       true],
    ["the plants are sprouting", "A",       true],
    ["The sun",                  "C",       false],
    ["sun",                      "D",       false],
    [" A",                       " A",      false],
    ["a",                        "a",       false],
    ["moon",                     "moon",    false],
    ["",                         undefined, false],
  ])("reads %j as %j", (answer, extracted, correct) => {
    const read = extractor.extract(answer, lettered(["plants sprouting", "fire in a fireplace", "the sun", "sun"]));
    expect(read).toBe(extracted);
    expect(read !== undefined && extractor.isCorrect(read, "A")).toBe(correct);
  });
});

describe("the strict protocol", () => {
  const protocol = benchmark.protocol("strict");
  const extractor = protocol.extractor("tuned");

  test("asks a tuned model in its own template", () => {
    expect(protocol.prompt(question, WORDINGS.tuned)).toEqual({
      kind: "chat",
      user: ASKED,
      answerStart: 'The best answer is "',
    });
  });

  test("asks the bases in their own wording, after the begin-of-sequence token", () => {
    const raw = { kind: "raw", beginOfSequence: true };
    expect(protocol.prompt(question, WORDINGS["llama2-base"])).toEqual({
      ...raw,
      text: `${ASKED}\nAnswer: The best answer is "`,
    });
    expect(protocol.prompt(question, WORDINGS["vicuna-base"])).toEqual({
      ...raw,
      text: `User: ${ASKED}\nAssistant: The best answer is "`,
    });
  });

  // Q10, Q11 and Q12.
  // prettier-ignore
  test.each([
    ["d",                          "D",       true],
    [" D\nbecause",                "D",       true],
    ["Plants sprouting!",          "D",       true],
    ["the plants are sprouting",   undefined, false],
    ["C",                          "C",       false],
    ["",                           undefined, false],
  ])("reads %j as %j", (answer, extracted, correct) => {
    const read = extractor.extract(answer, protocol.choices(question));
    expect(read).toBe(extracted);
    expect(read !== undefined && extractor.isCorrect(read, question.target)).toBe(correct);
  });
});

/** A row in the published schema. */
function parquet(rows: readonly (typeof ROW)[]): Uint8Array {
  const text = (name: string) =>
    ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }) as const;
  const list = (name: string) =>
    [
      { name, converted_type: "LIST", repetition_type: "OPTIONAL", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      text("element"),
    ] as const;
  const names = ["id", "question_stem", "choices", "answerKey"] as const;
  const buffer = parquetWriteBuffer({
    schema: [
      { name: "schema", num_children: names.length },
      text("id"),
      text("question_stem"),
      { name: "choices", repetition_type: "OPTIONAL", num_children: 2 },
      ...list("text"),
      ...list("label"),
      text("answerKey"),
    ],
    columnData: names.map((name) => ({ name, data: rows.map((row) => row[name]) })),
  });
  return new Uint8Array(buffer);
}
