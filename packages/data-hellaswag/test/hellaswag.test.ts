import { lettered } from "@mlan/data-kit";
import { hellaswag, type HellaswagQuestion } from "@mlan/data-hellaswag";
import { describeBenchmarkContract, type PaperWording, temporaryFolder, WORDINGS } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

const benchmark = hellaswag({ folder: new URL("fixtures/", import.meta.url) });

describeBenchmarkContract(benchmark);

// Recipe 3.5.
const ROW = {
  ind: 4,
  activity_label: "Baking",
  ctx_a: "[header] How to bake [title] Mix the flour.",
  ctx_b: "then he",
  endings: ["runs  away.", "[step] eats.", "bakes it.", "sleeps."],
  source_id: "wikihow~1",
  label: "2",
};

test("asks the published rows, clustered by video or article", async () => {
  const examples = await benchmark.open();
  const [first, second, third] = await Promise.all([0, 1, 2].map((index) => examples.at(index)));
  expect(second).toEqual({
    id: "13",
    images: [],
    context: "Kite flying: The kite rises. A Dog Runs after it.",
    choices: lettered(["The dog sings.", "It barks at the kite.", "The kite barks.", "The hill runs."]),
    target: "B",
    cluster: "activitynet~v_made-up-1",
  });
  expect(first!.cluster).toBe(second!.cluster);
  expect(third!.cluster).not.toBe(first!.cluster);
  expect(benchmark.card).toMatchObject({ repository: "Rowan/hellaswag", split: "validation", rows: 10042 });
});

test("reads the Hub's Parquet", async () => {
  const folder = temporaryFolder();
  await mkdir(new URL("data/", folder));
  await writeFile(new URL("data/validation-00000-of-00001.parquet", folder), parquet([ROW]));
  await writeFile(new URL("data/test-00000-of-00001.parquet", folder), "not read");
  const examples = await hellaswag({ folder }).open();
  expect(examples.length).toBe(1);
  expect(await examples.at(0)).toMatchObject({ id: "4", choices: lettered(ROW.endings), target: "C" });
});

test("reads the authors' own file, where labels are numbers", async () => {
  const examples = await hellaswag({ folder: await folderOf([{ ...ROW, label: 3 }], "hellaswag_val.jsonl") }).open();
  expect((await examples.at(0)).target).toBe("D");
});

// prettier-ignore
test.each([
  [{ ...ROW, ctx_b: undefined }, 'column "ctx_b": expected text, found nothing'],
  [{ ...ROW, label: undefined }, 'column "label": expected text or a number, found nothing'],
  [{ ...ROW, label: "" },        'column "label": expected 0, 1, 2 or 3 (the test split has no labels), found ""'],
  [{ ...ROW, label: "4" },       'column "label": expected 0, 1, 2 or 3 (the test split has no labels), found "4"'],
  [{ ...ROW, label: -1 },        'column "label": expected 0, 1, 2 or 3 (the test split has no labels), found -1'],
  [{ ...ROW, endings: "a" },     'column "endings": expected a list, found "a"'],
  [{ ...ROW, endings: ["a"] },   'column "endings": expected a list of 4 entries, found a list of 1'],
])("names file, row and column of a bad row: %j", async (bad, message) => {
  const opened = hellaswag({ folder: await folderOf([ROW, bad]) }).open();
  await expect(opened).rejects.toMatchObject({ code: "invalid-data" });
  await expect(opened).rejects.toThrow(`data-hellaswag: validation.jsonl row 1 (line 2), ${message}`);
});

test("refuses a file without rows", async () => {
  await expect(hellaswag({ folder: await folderOf([]) }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringMatching(/^data-\w+: \S+ of .* holds no rows; give a file or folder that does\.$/),
  });
});

test("refuses unknown options", () => {
  const options: object = { foldr: new URL("file:///") };
  expect(() => hellaswag(options)).toThrow('data-hellaswag: there is no option "foldr"');
});

const NAMES: readonly PaperWording[] = ["tuned", "llama2-base", "vicuna-base"];
const CHOOSE = "Choose the best option from the choices provided to complete the sentence:";
const ASKED = `Baking: How to bake. Mix the flour. Then he ${CHOOSE}\nA: runs away.\nB: eats.\nC: bakes it.\nD: sleeps.`;

describe("the paper protocol", () => {
  const protocol = benchmark.protocol("paper");
  const extractor = protocol.extractor("tuned");

  // Recipe 3.5, expanded by the original code.
  test.each(NAMES)("asks every model in the wording of hellaswag_em (%s)", async (wording) => {
    expect(protocol.prompt(await questionOf(ROW), WORDINGS[wording])).toEqual({
      kind: "raw",
      text: `User: ${ASKED}\nAssistant: The best answer is"`,
      beginOfSequence: false,
      harness: "language",
    });
  });

  // What the original clean-up, executed, made of these; the second column is what it makes of that again.
  // prettier-ignore
  test.each([
    ["  a [title] b",                   "a. b"],
    ["[header] How [title] Mix  it",    " How. Mix it"],
    ["a    b",                          "a  b"],
    ["a   b",                           "a  b"],
    ["[x\ny] z",                        "[x\ny] z"],
    ["[a]b]c",                          "b]c"],
    ["[[a]]",                           "]"],
    ["x [title]",                       "x. "],
    ["[title] x",                       " x"],
    ["\x1c a\u2028[b\u2028c]",          "a\u2028"],
    ["\ufeff a",                        "\ufeff a"],
  ])("cleans the ending %j to %j", async (ending, cleaned) => {
    const question = await questionOf({ ...ROW, endings: [ending, "b", "c", "d"] });
    expect(protocol.choices(question)[0]).toEqual({ label: "A", text: cleaned });
  });

  test("cleans its whole prompt, once more where it was cleaned before (Q18)", async () => {
    const question = await questionOf({
      ...ROW,
      ctx_a: "a    b",
      ctx_b: "c [d",
      endings: ["runs away.", "one [two", "three] four", "a    b"],
    });
    expect(protocol.prompt(question, WORDINGS.tuned)).toMatchObject({
      text:
        `User: Baking: a b C [d ${CHOOSE}\nA: runs away.\nB: one [two\nC: three] four\nD: a  b\n` +
        'Assistant: The best answer is"',
    });
  });

  test("generates and stops as the original harness does", () => {
    expect(protocol.maximumNewTokens).toBe(20);
    expect([...extractor.stop].toSorted()).toEqual(["User:", '"', ":", ".", ",", "</s>"].toSorted());
  });

  // Recipe A.5, executed, and the exact match that ignores case.
  // prettier-ignore
  test.each([
    ["C",                   "C",       true],
    ["c",                   "c",       true],
    ["bakes it",            "C",       true],
    ["eats and runs away",  "A",       false],
    [" C",                  " C",      false],
    ["",                    undefined, false],
  ])("reads %j as %j", async (answer, extracted, correct) => {
    const question = await questionOf({ ...ROW, endings: ["runs away.", "[step] eats.", "bakes it.", "[step]"] });
    const read = extractor.extract(answer, protocol.choices(question));
    expect(read).toBe(extracted);
    expect(read !== undefined && extractor.isCorrect(read, question.target)).toBe(correct);
  });
});

describe("the strict protocol", () => {
  const protocol = benchmark.protocol("strict");

  test("asks a tuned model in its own template", async () => {
    expect(protocol.prompt(await questionOf(ROW), WORDINGS.tuned)).toEqual({
      kind: "chat",
      user: ASKED,
      answerStart: 'The best answer is "',
    });
  });

  test("asks the bases in their own wording, after the begin-of-sequence token", async () => {
    const [question, raw] = [await questionOf(ROW), { kind: "raw", beginOfSequence: true }];
    expect(protocol.prompt(question, WORDINGS["llama2-base"])).toEqual({
      ...raw,
      text: `${ASKED}\nAnswer: The best answer is "`,
    });
    expect(protocol.prompt(question, WORDINGS["vicuna-base"])).toEqual({
      ...raw,
      text: `User: ${ASKED}\nAssistant: The best answer is "`,
    });
  });

  test("cleans context and endings separately and completely (Q18)", async () => {
    const question = await questionOf({
      ...ROW,
      ctx_a: "a    b [step]",
      ctx_b: "",
      endings: ["[step] one [two", "three] four", "[substeps] five", "six [title]"],
    });
    expect(protocol.prompt(question, WORDINGS.tuned)).toMatchObject({
      user: `Baking: a  b ${CHOOSE}\nA: one [two\nB: three] four\nC: five\nD: six.`,
    });
    expect(protocol.choices(question).map(({ text }) => text)).toEqual(["one [two", "three] four", "five", "six."]);
  });

  // Q11 and Q12.
  // prettier-ignore
  test.each([
    [" c\nbecause",         "C"],
    ["Bakes it",            "C"],
    ["eats",                "B"],
    ["eats and runs away",  undefined],
    ["",                    undefined],
  ])("reads %j as %j", async (answer, extracted) => {
    const choices = protocol.choices(await questionOf(ROW));
    expect(protocol.extractor("tuned").extract(answer, choices)).toBe(extracted);
  });
});

async function questionOf(row: object): Promise<HellaswagQuestion> {
  const examples = await hellaswag({ folder: await folderOf([row]) }).open();
  return examples.at(0);
}

async function folderOf(rows: readonly object[], name = "validation.jsonl"): Promise<URL> {
  const folder = temporaryFolder();
  await writeFile(new URL(name, folder), rows.map((row) => JSON.stringify(row)).join("\n"));
  return folder;
}

/** A row in the published schema. */
function parquet(rows: readonly (typeof ROW)[]): Uint8Array {
  const text = (name: string) =>
    ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }) as const;
  const names = ["ind", "activity_label", "ctx_a", "ctx_b", "endings", "source_id", "label"] as const;
  const buffer = parquetWriteBuffer({
    schema: [
      { name: "schema", num_children: names.length },
      { name: "ind", type: "INT32", repetition_type: "OPTIONAL" },
      text("activity_label"),
      text("ctx_a"),
      text("ctx_b"),
      { name: "endings", converted_type: "LIST", repetition_type: "OPTIONAL", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      text("element"),
      text("source_id"),
      text("label"),
    ],
    columnData: names.map((name) => ({ name, data: rows.map((row) => row[name]) })),
  });
  return new Uint8Array(buffer);
}

test("paper cleans an answer twice, which loses the dot of a large İ", () => {
  const { choices, extractor } = benchmark.protocol("paper");
  const question = { id: "1", images: [], context: "x", choices: lettered(["İ.", "b", "c", "d"]), target: "A" };
  expect(extractor("tuned").extract("İ", choices(question))).toBe("İ");
  expect(extractor("tuned").extract("B b", choices(question))).toBe("B");
});
