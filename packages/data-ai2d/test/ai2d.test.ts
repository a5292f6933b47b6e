import { ai2d, type Ai2dQuestion } from "@mlan/data-ai2d";
import { imageFromBytes } from "@mlan/data-kit";
import { describeBenchmarkContract, folderWith, type PaperWording, WORDINGS } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

const fixtures = new URL("fixtures/", import.meta.url);
const benchmark = ai2d({ folder: fixtures });

describeBenchmarkContract(benchmark);

test("asks the published rows, lettered by the number of the answer and clustered by image", async () => {
  const examples = await benchmark.open();
  const questions = await Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
  expect(questions.map(({ id, target, cluster }) => [id, target, cluster])).toEqual([
    ["0", "B", "images/red.png"],
    ["1", "D", "images/red.png"],
    ["2", "A", "images/blue.png"],
  ]);
});

test("reads the Hub's layout, and clusters equal images of Parquet files", async () => {
  const [red, blue] = await Promise.all(["red", "blue"].map((name) => readImage(name)));
  const file = parquet([
    { bytes: red, path: null },
    { bytes: blue, path: null },
    { bytes: red, path: "other.png" },
  ]);
  const examples = await (await ai2d({ folder: await folderWith({ "test-00000-of-00001.parquet": file }) })).open();
  const questions = await Promise.all([0, 1, 2].map((index) => examples.at(index)));
  expect(questions[1]).toMatchObject({ id: "1", question: "What is it?", target: "B" });
  expect(questions[1]?.choices).toEqual([
    { label: "A", text: "red" },
    { label: "B", text: "blue" },
  ]);
  expect(await questions[1]?.images[0]?.read()).toEqual(blue);
  expect(questions[2]?.cluster).toBe(questions[0]?.cluster);
  expect(questions[1]?.cluster).not.toBe(questions[0]?.cluster);
});

test("names file, row and column of a Parquet row without an image", async () => {
  const folder = await folderWith({ "test.parquet": parquet([{ bytes: await readImage("red"), path: null }, null]) });
  await expect(ai2d({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining('data-ai2d: test.parquet row 1, column "image": expected an image, found null'),
  });
});

test.each([
  [
    { answer: "4" },
    'data-ai2d: test.jsonl row 0 (line 1), column "answer": expected the number of one of its 4 options, counted from 0, found "4".',
  ],
  [{ answer: "B" }, 'column "answer": expected the number of one of its 4 options, counted from 0, found "B"'],
  [{ answer: "-1" }, 'column "answer": expected the number of one of its 4 options, counted from 0, found "-1"'],
  [{ options: undefined }, 'column "options" is missing'],
  [{ options: ["a", 3] }, 'column "options.1": expected text, found 3'],
  [{ image: undefined }, 'column "image" is missing'],
  [{ image: { bytes: "?" } }, 'column "image": expected an image, found an object'],
  [{ question: null }, 'column "question": expected text, found null'],
  [{ image: "../outside.png" }, 'column "image": image "../outside.png" is outside its folder'],
])("names file, row and column of a bad row: %j", async (change, message) => {
  const row = { question: "Which?", options: ["a", "b", "c", "d"], answer: "0", image: "a.png", ...change };
  const folder = await folderWith({ "test.jsonl": JSON.stringify(row) });
  await expect(ai2d({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test("names a missing image when it is read", async () => {
  const row = { question: "Which?", options: ["a", "b"], answer: "0", image: "a.png" };
  const { images } = await (
    await ai2d({ folder: await folderWith({ "test.jsonl": JSON.stringify(row) }) }).open()
  ).at(0);
  await expect(images[0]!.read()).rejects.toThrow('data-ai2d: there is no image "a.png"');
});

test("refuses a split without rows", async () => {
  const folder = await folderWith({ "test.jsonl": "\n" });
  await expect(ai2d({ folder }).open()).rejects.toThrow(
    /data-\w+: test\S* of .* holds no rows; give a file or folder that does/,
  );
});

test("refuses unknown options", () => {
  expect(() => ai2d({ split: "test" } as object)).toThrow('data-ai2d: there is no option "split"');
});

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";
const OPTIONS = "A: snake\nB: hawk\nC: mouse\nD: grass\n";

// Recipe 3.5 and 3.6; strict moves the image into the user's turn (Q6).
const PROMPTS: readonly (readonly [string, PaperWording, object])[] = [
  [
    "paper",
    "tuned",
    vision(
      `<image>\n${SYSTEM} USER: what is the top predator? Choose the best option from below:\n${OPTIONS} ASSISTANT: The best answer is "`,
    ),
  ],
  [
    "paper",
    "llama2-base",
    vision(
      `<image>\nQuestion: what is the top predator? Choose the best option from below:\n${OPTIONS}Answer: The best answer is "`,
    ),
  ],
  [
    "paper",
    "vicuna-base",
    vision(
      `<image>\nUser: what is the top predator? Choose the best option from the choices provided:\n${OPTIONS}Assistant: The best answer is "`,
    ),
  ],
  [
    "strict",
    "tuned",
    {
      kind: "chat",
      user: "<image>\nwhat is the top predator? Choose the best option from below:\nA: snake\nB: hawk\nC: mouse\nD: grass",
      answerStart: 'The best answer is "',
    },
  ],
  [
    "strict",
    "llama2-base",
    raw(
      `<image>\nQuestion: what is the top predator? Choose the best option from below:\n${OPTIONS}Answer: The best answer is "`,
    ),
  ],
  [
    "strict",
    "vicuna-base",
    raw(
      `User: <image>\nwhat is the top predator? Choose the best option from the choices provided:\n${OPTIONS}Assistant: The best answer is "`,
    ),
  ],
];

test.each(PROMPTS)("%s asks %s in its wording", (protocol, wording, prompt) => {
  expect(benchmark.protocol(protocol).prompt(asking(["snake", "hawk", "mouse", "grass"]), WORDINGS[wording])).toEqual(
    prompt,
  );
});

test("generates eight tokens at most", () => {
  expect(benchmark.protocol("paper").maximumNewTokens).toBe(8);
  expect(benchmark.protocol("strict").maximumNewTokens).toBe(8);
});

// The first five rows are recipe A.5, executed: an option whose text is a letter takes that letter's answers (Q1).
describe("reads answers to options C, A, B and none", () => {
  // prettier-ignore
  test.each([
    ["A",               "B",             "A"],
    ["a",               "B",             "A"],
    ["D",               "D",             "D"],
    ["none",            "D",             "D"],
    ["hawk",            "hawk",          undefined],
    ["(a)",             "B",             "A"],
    ["none\nof them",   "D",             "D"],
    ["D. none",         "D",             "D"],
    ["NONE!",           "D",             "D"],
    ["\nD",             undefined,       "D"],
    ["none of them",    "none of them",  undefined],
    ["",                undefined,       undefined],
  ])("%j: paper %j, strict %j (stop strings not cut)", (answer, paper, strict) => {
    const { choices } = asking(["C", "A", "B", "none"]);
    expect(benchmark.protocol("paper").extractor("tuned").extract(answer, choices)).toBe(paper);
    expect(benchmark.protocol("strict").extractor("tuned").extract(answer, choices)).toBe(strict);
  });

  test.each([
    ["b", true],
    ["B)", true],
    ["B ", false],
    ["C", false],
  ])("paper holds %j for B: %j", (extracted, correct) => {
    expect(benchmark.protocol("paper").extractor("tuned").isCorrect(extracted, "B")).toBe(correct);
  });
});

test("paper offers four options, and reads the fifth as text; strict offers all", () => {
  const question = asking(["snake", "hawk", "mouse", "grass", "sun"]);
  const { choices, extractor, prompt } = benchmark.protocol("paper");
  expect(choices(question).map(({ label }) => label)).toEqual(["A", "B", "C", "D"]);
  expect(
    JSON.stringify(
      ["tuned", "llama2-base", "vicuna-base"].map((wording) => prompt(question, WORDINGS[wording as PaperWording])),
    ),
  ).not.toContain("sun");
  expect(extractor("tuned").extract("sun", choices(question))).toBe("sun");
  expect(benchmark.protocol("strict").choices(question)).toHaveLength(5);
});

test("a question that names the placeholder: paper adds none, strict puts the image in front of it", () => {
  const question = { ...asking(["a tag", "a word"]), question: "What does <image> mean?" };
  const textOf = (name: string): string => {
    const prompt = benchmark.protocol(name).prompt(question, WORDINGS.tuned);
    return prompt.kind === "raw" ? prompt.text : prompt.user;
  };
  expect(textOf("paper").split("<image>")).toHaveLength(2);
  expect(textOf("paper")).toContain("What does <image> mean?");
  expect(textOf("strict").split("<image>")).toHaveLength(3);
  expect(textOf("strict").startsWith("<image>\n")).toBe(true);
});

function asking(texts: readonly string[]): Ai2dQuestion {
  const choices = texts.map((text, index) => ({ label: "ABCDE"[index]!, text }));
  return {
    id: "1",
    images: [imageFromBytes("diagram.png", new Uint8Array())],
    question: "what is the top predator?",
    choices,
    target: "B",
  };
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
        { name: "options", data: images.map(() => ["red", "blue"]) },
        { name: "answer", data: images.map(() => "1") },
        { name: "image", data: [...images] },
      ],
      schema: [
        { name: "root", num_children: 4 },
        { name: "question", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "options", converted_type: "LIST", num_children: 1, repetition_type: "OPTIONAL" },
        { name: "list", num_children: 1, repetition_type: "REPEATED" },
        { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "answer", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
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
