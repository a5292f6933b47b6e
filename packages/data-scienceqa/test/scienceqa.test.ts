import { scienceqa, type ScienceqaQuestion } from "@mlan/data-scienceqa";
import { describeBenchmarkContract, folderWith, type PaperWording, WORDINGS } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

const fixtures = new URL("fixtures/", import.meta.url);
const benchmark = scienceqa({ folder: fixtures });

describeBenchmarkContract(benchmark);

test("asks the published rows, with the images that they have", async () => {
  const examples = await benchmark.open();
  const questions = await Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
  expect(questions.map(({ id, target, images, cluster }) => [id, target, images.length, cluster])).toEqual([
    ["0", "A", 0, undefined],
    ["1", "A", 1, "images/red.png"],
    ["2", "E", 1, "images/red.png"],
    ["3", "B", 0, undefined],
  ]);
  expect(questions.map(({ hint }) => hint)).toEqual(["Matter has states.", "", "Look at the square.", ""]);
});

test("reads the Hub's layout: whole numbers of one byte, and rows without an image", async () => {
  const [red, blue] = await Promise.all(["red", "blue"].map((name) => readImage(name)));
  const file = parquet([
    { bytes: red, path: null },
    null,
    { bytes: blue, path: "image.png" },
    { bytes: red, path: null },
  ]);
  const folder = await folderWith({});
  await mkdir(new URL("ScienceQA-FULL/", folder));
  await writeFile(new URL("ScienceQA-FULL/test-00000-of-00001.parquet", folder), file);
  const examples = await scienceqa({ folder }).open();
  const questions = await Promise.all([0, 1, 2, 3].map((index) => examples.at(index)));
  expect(questions.map(({ images }) => images.length)).toEqual([1, 0, 1, 1]);
  expect(questions[0]).toMatchObject({ question: "What is it?", hint: "Look.", target: "B" });
  expect(questions[0]?.choices.map(({ label, text }) => label + text)).toEqual(["Ared", "Bblue"]);
  expect(await questions[2]?.images[0]?.read()).toEqual(blue);
  expect(questions[3]?.cluster).toBe(questions[0]?.cluster);
  expect(questions[2]?.cluster).not.toBe(questions[0]?.cluster);
});

test.each([
  [
    { answer: 4 },
    'data-scienceqa: test.jsonl row 0 (line 1), column "answer": expected the number of one of its 4 choices, counted from 0, found 4.',
  ],
  [{ answer: -1 }, 'column "answer": expected the number of one of its 4 choices, counted from 0, found -1'],
  [{ answer: "A" }, 'column "answer": expected a number, found "A"'],
  [{ choices: undefined }, 'column "choices" is missing'],
  [{ choices: ["a", 3] }, 'column "choices.1": expected text, found 3'],
  [{ image: { bytes: "?" } }, 'column "image": expected an image, found an object'],
  [{ question: null }, 'column "question": expected text, found null'],
  [{ hint: 3 }, 'column "hint": expected text, found 3'],
  [{ image: "../outside.png" }, 'column "image": image "../outside.png" is outside its folder'],
])("names file, row and column of a bad row: %j", async (change, message) => {
  const row = { question: "Which?", choices: ["a", "b", "c", "d"], answer: 0, image: "a.png", ...change };
  const folder = await folderWith({ "test.jsonl": JSON.stringify(row) });
  await expect(scienceqa({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test("names a missing image when it is read", async () => {
  const row = { question: "Which?", choices: ["a", "b"], answer: 0, image: "a.png" };
  const { images } = await (
    await scienceqa({ folder: await folderWith({ "test.jsonl": JSON.stringify(row) }) }).open()
  ).at(0);
  await expect(images[0]!.read()).rejects.toThrow('data-scienceqa: there is no image "a.png"');
});

test("refuses a split without rows", async () => {
  const folder = await folderWith({ "test.jsonl": "\n" });
  await expect(scienceqa({ folder }).open()).rejects.toThrow(
    /data-\w+: test\S* of .* holds no rows; give a file or folder that does/,
  );
});

test("refuses unknown options", () => {
  expect(() => scienceqa({ split: "test" } as object)).toThrow('data-scienceqa: there is no option "split"');
});

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";
const OPTIONS = "A: ice\nB: steam\n";
const IMAGE = { name: "red.png", read: () => Promise.resolve(new Uint8Array()) };
const WITH_HINT = { hint: "Matter has states.", images: [] };
const WITH_IMAGE = { hint: "", images: [IMAGE] };
const WITH_BOTH = { hint: "Matter has states.", images: [IMAGE] };

// Recipe 3.5 (the first one) and 3.6; strict moves the image into the user's turn (Q6).
const PROMPTS: readonly (readonly [string, PaperWording, Partial<ScienceqaQuestion>, object])[] = [
  [
    "paper",
    "tuned",
    WITH_HINT,
    vision(
      `${SYSTEM} USER: Context: Matter has states.\nQuestion: Which is a solid? Choose the best option from below:\n${OPTIONS} ASSISTANT: The answer is "`,
    ),
  ],
  [
    "paper",
    "tuned",
    WITH_IMAGE,
    vision(
      `<image>\n${SYSTEM} USER: Question: Which is a solid? Choose the best option from below:\n${OPTIONS} ASSISTANT: The answer is "`,
    ),
  ],
  [
    "paper",
    "llama2-base",
    WITH_HINT,
    vision(
      `Context: Matter has states.\nQuestion: Which is a solid? Choose the best option from below:\n${OPTIONS}Answer: The best answer is "`,
    ),
  ],
  [
    "paper",
    "llama2-base",
    WITH_BOTH,
    vision(
      `<image>\nContext: Matter has states.\nQuestion: Which is a solid? Choose the best option from below:\n${OPTIONS}Answer: The best answer is "`,
    ),
  ],
  [
    "paper",
    "vicuna-base",
    WITH_HINT,
    vision(
      `User: Context: Matter has states.\nWhich is a solid? Choose the best option from the choices provided:\n${OPTIONS}Assistant: The best answer is "`,
    ),
  ],
  [
    "paper",
    "vicuna-base",
    WITH_IMAGE,
    vision(
      `<image>\nUser: Which is a solid? Choose the best option from the choices provided:\n${OPTIONS}Assistant: The best answer is "`,
    ),
  ],
  [
    "strict",
    "tuned",
    WITH_HINT,
    {
      kind: "chat",
      user: "Context: Matter has states.\nQuestion: Which is a solid? Choose the best option from below:\nA: ice\nB: steam",
      answerStart: 'The answer is "',
    },
  ],
  [
    "strict",
    "tuned",
    WITH_BOTH,
    {
      kind: "chat",
      user: "<image>\nContext: Matter has states.\nQuestion: Which is a solid? Choose the best option from below:\nA: ice\nB: steam",
      answerStart: 'The answer is "',
    },
  ],
  [
    "strict",
    "llama2-base",
    WITH_IMAGE,
    raw(
      `<image>\nQuestion: Which is a solid? Choose the best option from below:\n${OPTIONS}Answer: The best answer is "`,
    ),
  ],
  [
    "strict",
    "vicuna-base",
    WITH_BOTH,
    raw(
      `User: <image>\nContext: Matter has states.\nWhich is a solid? Choose the best option from the choices provided:\n${OPTIONS}Assistant: The best answer is "`,
    ),
  ],
];

test.each(PROMPTS)("%s asks %s in its wording (%j)", (protocol, wording, change, prompt) => {
  expect(benchmark.protocol(protocol).prompt({ ...asking(["ice", "steam"]), ...change }, WORDINGS[wording])).toEqual(
    prompt,
  );
});

test("generates eight tokens at most", () => {
  expect(benchmark.protocol("paper").maximumNewTokens).toBe(8);
  expect(benchmark.protocol("strict").maximumNewTokens).toBe(8);
});

// Recipe A.5, executed: of "ice", "Ice!", "A" and "B " (stripped before it is scored); Q1 for an option that is a letter.
describe("reads answers", () => {
  // prettier-ignore
  test.each([
    [["ice", "steam"],  "ice",             "A",           "A"],
    [["ice", "steam"],  "Ice!",            "Ice!",        "A"],
    [["ice", "steam"],  "A",               "A",           "A"],
    [["ice", "steam"],  "B ",              "B",           "B"],
    [["ice", "steam"],  "b",               "b",           "B"],
    [["ice", "steam"],  "steam\nA",        "B",           "B"],
    [["ice", "steam"],  "\nsteam",         undefined,     "B"],
    [["ice", "steam"],  "B: steam",        "B",           "B"],
    [["ice", "steam"],  "ice and steam",   "ice and steam", undefined],
    [["B", "A"],        "A",               "B",           "A"],
    [["ice", "steam"],  "",                undefined,     undefined],
  ])("of %j %j: paper %j, strict %j (stop strings not cut)", (texts, answer, paper, strict) => {
    const { choices } = asking(texts);
    expect(benchmark.protocol("paper").extractor("tuned").extract(answer, choices)).toBe(paper);
    expect(benchmark.protocol("strict").extractor("tuned").extract(answer, choices)).toBe(strict);
  });

  test.each([
    ["b", true],
    ["B!", true],
    ["C", false],
  ])("paper holds %j for B: %j", (extracted, correct) => {
    expect(benchmark.protocol("paper").extractor("tuned").isCorrect(extracted, "B")).toBe(correct);
  });
});

test("paper offers five choices, and reads the sixth as text; strict offers all", () => {
  const question = asking(["ice", "steam", "water", "fog", "snow", "hail"]);
  const { choices, extractor, prompt } = benchmark.protocol("paper");
  expect(choices(question).map(({ label }) => label)).toEqual(["A", "B", "C", "D", "E"]);
  expect(
    JSON.stringify(
      ["tuned", "llama2-base", "vicuna-base"].map((wording) => prompt(question, WORDINGS[wording as PaperWording])),
    ),
  ).not.toContain("hail");
  expect(extractor("tuned").extract("hail", choices(question))).toBe("hail");
  expect(benchmark.protocol("strict").choices(question)).toHaveLength(6);
});

test("a question that names the placeholder: paper adds none, strict puts the image in front of it", () => {
  const question = {
    ...asking(["a tag", "a word"]),
    images: [{ name: "a.png", read: async () => new Uint8Array() }],
    question: "What does <image> mean?",
  };
  const textOf = (name: string): string => {
    const prompt = benchmark.protocol(name).prompt(question, WORDINGS.tuned);
    return prompt.kind === "raw" ? prompt.text : prompt.user;
  };
  expect(textOf("paper").split("<image>")).toHaveLength(2);
  expect(textOf("paper")).toContain("What does <image> mean?");
  expect(textOf("strict").split("<image>")).toHaveLength(3);
  expect(textOf("strict").startsWith("<image>\n")).toBe(true);
});

function asking(texts: readonly string[]): ScienceqaQuestion {
  const choices = texts.map((text, index) => ({ label: "ABCDEF"[index]!, text }));
  return { id: "1", images: [], question: "Which is a solid?", hint: "", choices, target: "A" };
}

function vision(text: string): object {
  return { ...raw(text), harness: "vision" };
}

function raw(text: string): object {
  return { kind: "raw", text, beginOfSequence: true };
}

/** One question per image, in the layout of the Hub. */
function parquet(images: readonly (object | null)[]): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "question", data: images.map(() => "What is it?") },
        { name: "hint", data: images.map(() => "Look.") },
        { name: "choices", data: images.map(() => ["red", "blue"]) },
        { name: "answer", data: images.map(() => 1) },
        { name: "image", data: [...images] },
      ],
      schema: [
        { name: "root", num_children: 5 },
        { name: "question", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "hint", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "choices", converted_type: "LIST", num_children: 1, repetition_type: "OPTIONAL" },
        { name: "list", num_children: 1, repetition_type: "REPEATED" },
        { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "answer", type: "INT32", converted_type: "INT_8", repetition_type: "OPTIONAL" },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ],
    }),
  );
}

async function readImage(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`images/${name}.png`, fixtures)));
}
