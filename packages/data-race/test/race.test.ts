import { lettered } from "@mlan/data-kit";
import { race, type RaceQuestion } from "@mlan/data-race";
import { describeBenchmarkContract, folderWith, type PaperWording, WORDINGS } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";

const benchmark = race({ folder: new URL("fixtures/", import.meta.url) });

describeBenchmarkContract(benchmark);

test("asks the last question of each article, clustered by article", async () => {
  const examples = await benchmark.open();
  const questions = await Promise.all([0, 1, 2].map((index) => examples.at(index)));
  expect(questions[0]).toMatchObject({
    id: "0",
    images: [],
    question: "Whose shop sells rope? _ .",
    choices: lettered(["The miller's", "Wick's", "Anna's", "A sailor's"]),
    target: "C",
  });
  expect(questions[0]!.article).toMatch(/^The harbour of Wick lies open to the north\.\nIn winter/);
  expect(new Set(questions.map(({ cluster }) => cluster)).size).toBe(3);
});

test("names the subset that it asks", () => {
  expect(benchmark.card).toMatchObject({ repository: "EleutherAI/race", config: "high", split: "test", rows: 1045 });
});

const PROBLEM = { question: "Who?", options: ["a", "b", "c", "d"], answer: "A" };

// What Python's `str` gave for such a list.
const AS_PYTHON =
  "[{'question': 'Who?', 'options': ['a', 'b', 'c', 'd'], 'answer': 'A'}, " +
  `{'question': "Where's\\n\\tTom\\u2028\\xa0?", 'options': ['a \\'quote\\' "', "it's", 'C:\\\\x', 'é'], 'answer': 'D'}]`;

test.each(["rows.jsonl", "rows.parquet"])(
  "reads problems that are written as Python writes them (%s)",
  async (name) => {
    const examples = await race({ file: await fileOf(name, [{ article: "An article.", problems: AS_PYTHON }]) }).open();
    expect(await examples.at(0)).toMatchObject({
      article: "An article.",
      question: "Where's\n\tTom\u2028\xa0?",
      choices: lettered([`a 'quote' "`, "it's", "C:\\x", "é"]),
      target: "D",
    });
  },
);

test.each([
  ["high/test-00000-of-00001.parquet", "../"],
  ["high/test/0000.parquet", "../../"],
  ["test.parquet", "./"],
  ["test.jsonl", "./"],
])("finds %s in a folder", async (name, up) => {
  const folder = new URL(up, await fileOf(name, [{ article: "An article.", problems: AS_PYTHON }]));
  expect((await race({ folder }).open()).length).toBe(1);
});

// prettier-ignore
test.each([
  [{ article: "" },                               'column "problems": expected a list, found nothing'],
  [{ problems: [PROBLEM] },                       'column "article": expected text, found nothing'],
  [{ article: "", problems: [] },                 'column "problems": expected at least one question, found a list of 0'],
  [{ article: "", problems: "[{'question': 'W" },
    `column "problems": Python literal, character 17: expected ' for the string that begins at character 15, found the end`],
  [{ article: "", problems: "[1, x]" },           'column "problems": Python literal, character 5: expected a value, found "x]"'],
  [{ article: "", problems: "{'a': 1}" },         'column "problems": expected a list, found "{\'a\': 1}"'],
  [{ article: "", problems: [{ ...PROBLEM, answer: "E" }] },
    'column "problems.0.answer": expected "A", "B", "C" or "D", found "E"'],
  [{ article: "", problems: "[{'question': '', 'options': ['a', 'b', 'c', 'd'], 'answer': 'a'}]" },
    'column "problems.0.answer": expected "A", "B", "C" or "D", found "a"'],
  [{ article: "", problems: [{ ...PROBLEM, options: ["a", "b", "c"] }] }, 'column "problems.0.options": expected a list of 4 entries, found a list of 3'],
])("names file, row and column of a bad row: %j", async (bad, message) => {
  const file = await fileOf("rows.jsonl", [{ article: "", problems: [PROBLEM] }, bad]);
  const opened = race({ file }).open();
  await expect(opened).rejects.toMatchObject({ code: "invalid-data" });
  await expect(opened).rejects.toThrow(`data-race: rows.jsonl row 1 (line 2), ${message}`);
});

test("refuses a file without rows", async () => {
  await expect(race({ file: await fileOf("rows.jsonl", []) }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringMatching(/^data-\w+: \S+ of .* holds no rows; give a file or folder that does\.$/),
  });
});

test("refuses unknown options", () => {
  expect(() => race({ foldr: new URL("file:///") } as object)).toThrow('data-race: there is no option "foldr"');
});

// Recipe 3.5.
const question: RaceQuestion = {
  id: "0",
  images: [],
  article: "Tom went home.",
  question: "Where did Tom go?",
  choices: lettered(["School", "Home", "Work", "Shop"]),
  target: "B",
};
const ASKED =
  "Context: Tom went home.\nQuestion: Where did Tom go?\nChoose the best option from the choices provided:\n" +
  "A: School\nB: Home\nC: Work\nD: Shop";
const NAMES: readonly PaperWording[] = ["tuned", "llama2-base", "vicuna-base"];

describe("the paper protocol", () => {
  const protocol = benchmark.protocol("paper");
  const extractor = protocol.extractor("tuned");

  // Recipe 3.5, expanded by the original code.
  test.each(NAMES)("asks every model in the wording of race_em (%s)", (wording) => {
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

  // The first choice all of whose words occur, else the answer as it is; exact match that ignores case.
  // prettier-ignore
  test.each([
    ["B",                "B",                true],
    ["b",                "b",                true],
    [" B",               " B",               false],
    ["B\n",              "B\n",              false],
    ["A",                "A",                false],
    ["home",             "B",                true],
    ["He went Home!",    "B",                true],
    ["from school home", "A",                false],
    ["nowhere",          "nowhere",          false],
    ["",                 undefined,          false],
  ])("reads %j as %j", (answer, extracted, correct) => {
    const read = extractor.extract(answer, protocol.choices(question));
    expect(read).toBe(extracted);
    expect(read !== undefined && extractor.isCorrect(read, question.target)).toBe(correct);
  });
});

describe("the strict protocol", () => {
  const protocol = benchmark.protocol("strict");

  test("asks a tuned model in its own template, of as many tokens as the model reads", () => {
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

  // Q11 and Q12.
  // prettier-ignore
  test.each([
    [" b\nbecause",       "B"],
    ["home",              "B"],
    ["from school home",  undefined],
    ["",                  undefined],
  ])("reads %j as %j", (answer, extracted) => {
    expect(protocol.extractor("tuned").extract(answer, protocol.choices(question))).toBe(extracted);
  });
});

/** Writes a file of rows into a new folder, in the format of the name's extension. */
async function fileOf(name: string, rows: readonly object[]): Promise<URL> {
  const content = name.endsWith(".parquet") ? parquet(rows) : rows.map((row) => JSON.stringify(row)).join("\n");
  return new URL(name, await folderWith({ [name]: content }));
}

/** Returns rows as Parquet, in the schema of the Hub's conversion. */
function parquet(rows: readonly object[]): Uint8Array {
  const text = (name: string) => ({ name, type: "STRING", data: rows.map((row) => Object(row)[name]) }) as const;
  return new Uint8Array(parquetWriteBuffer({ columnData: [text("article"), text("problems")] }));
}
