import { pope } from "@mlan/data-pope";
import { imageFromBytes } from "@mlan/data-kit";
import { describeBenchmarkContract, folderWith, type PaperWording, WORDINGS } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

const fixtures = new URL("fixtures/", import.meta.url);
const benchmark = pope({ folder: fixtures });

describeBenchmarkContract(benchmark);

test("asks the published rows, named by category and clustered by image", async () => {
  const examples = await benchmark.open();
  const questions = await Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
  expect(questions.map(({ id }) => id)).toEqual([
    "random/1",
    "random/2",
    "popular/1",
    "adversarial/1",
    "adversarial/2",
  ]);
  expect(questions.map(({ target }) => target)).toEqual(["yes", "no", "yes", "yes", "no"]);
  expect(questions.map(({ cluster }) => cluster)).toEqual([
    "drawn_red",
    "drawn_red",
    "drawn_red",
    "drawn_blue",
    "drawn_blue",
  ]);
});

test("reads the Hub's layout: shards of Parquet with the images inside", async () => {
  const red = new Uint8Array(await readFile(new URL("images/red.png", fixtures)));
  const file = parquetWriteBuffer({
    columnData: [
      { name: "question_id", data: ["1", "2"] },
      { name: "question", data: ["Is there a dog?", "Is there a cat?"] },
      { name: "answer", data: ["no", "Yes"] },
      {
        name: "image",
        data: [
          { bytes: red, path: null },
          { bytes: red, path: null },
        ],
      },
    ],
    schema: [
      { name: "root", num_children: 4 },
      ...["question_id", "question", "answer"].map(
        (name) => ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }) as const,
      ),
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
    ],
  });
  const folder = await folderWith({ "test-00000-of-00001.parquet": new Uint8Array(file) });
  const question = await (await pope({ folder }).open()).at(1);
  expect(question).toMatchObject({ id: "2", question: "Is there a cat?", target: "yes" });
  expect(Buffer.compare(await question.images[0]!.read(), red)).toBe(0);
});

test.each([
  [
    { answer: "maybe" },
    'data-pope: test.jsonl row 0 (line 1), column "answer": expected "yes" or "no", found "maybe".',
  ],
  [
    { image: undefined },
    'data-pope: test.jsonl: column "image" is missing; the file has columns question_id, question,',
  ],
  [{ image: { bytes: "?" } }, 'column "image": expected an image, found an object'],
  [{ question: 3 }, 'column "question": expected text, found 3'],
  [{ question_id: undefined }, 'column "question_id" is missing'],
  [
    { image: "../outside.png" },
    'data-pope: test.jsonl row 0 (line 1), column "image": image "../outside.png" is outside its folder',
  ],
])("names file, row and column of a bad row: %j", async (change, message) => {
  const row = { question_id: "1", question: "Is there a dog?", answer: "no", image: "a.png", ...change };
  const folder = await folderWith({ "test.jsonl": JSON.stringify(row) });
  await expect(pope({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining(message),
  });
});

test("names a missing image when it is read", async () => {
  const row = { question_id: 1, question: "Is there a dog?", answer: "no", image: "a.png" };
  const folder = await folderWith({ "test.jsonl": JSON.stringify(row) });
  const { images } = await (await pope({ folder }).open()).at(0);
  await expect(images[0]!.read()).rejects.toThrow('data-pope: there is no image "a.png"');
});

test("refuses a split without rows", async () => {
  const folder = await folderWith({ "test.jsonl": "" });
  await expect(pope({ folder }).open()).rejects.toThrow(
    /data-\w+: test\S* of .* holds no rows; give a file or folder that does/,
  );
});

test("generates four tokens at most", () => {
  expect(benchmark.protocol("paper").maximumNewTokens).toBe(4);
  expect(benchmark.protocol("strict").maximumNewTokens).toBe(4);
});

test("refuses unknown options", () => {
  expect(() => pope({ split: "popular" } as object)).toThrow('data-pope: there is no option "split"');
});

const images = [imageFromBytes("beach.png", new Uint8Array())];
const question = { id: "1", images, question: "Is there a snowboard in the image?", target: "yes" } as const;

// Recipe 3.5 and 3.6; strict moves the image into the user's turn (Q6).
const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";
const PROMPTS: readonly (readonly [string, PaperWording, object])[] = [
  [
    "paper",
    "tuned",
    vision(
      `<image>\n${SYSTEM} USER: Please answer with "yes" or "no":\nIs there a snowboard in the image?\n ASSISTANT: The best answer is "`,
    ),
  ],
  [
    "paper",
    "llama2-base",
    vision('<image>\nQuestion: Is there a snowboard in the image?\nAnswer: Among "yes" and "no", the best answer is "'),
  ],
  [
    "paper",
    "vicuna-base",
    vision('<image>\nUser:\nIs there a snowboard in the image?\nAssistant: Among "yes" and "no", the best answer is "'),
  ],
  [
    "strict",
    "tuned",
    {
      kind: "chat",
      user: '<image>\nPlease answer with "yes" or "no":\nIs there a snowboard in the image?',
      answerStart: 'The best answer is "',
    },
  ],
  [
    "strict",
    "llama2-base",
    raw('<image>\nQuestion: Is there a snowboard in the image?\nAnswer: Among "yes" and "no", the best answer is "'),
  ],
  [
    "strict",
    "vicuna-base",
    raw('User: <image>\nIs there a snowboard in the image?\nAssistant: Among "yes" and "no", the best answer is "'),
  ],
];

test.each(PROMPTS)("%s asks %s in its wording", (protocol, wording, prompt) => {
  expect(benchmark.protocol(protocol).prompt(question, WORDINGS[wording])).toEqual(prompt);
});

describe("reads answers", () => {
  // prettier-ignore
  test.each([
    ['yes".',        "yes",          "yes"],
    [" Yes, it is",  "yes",          undefined],
    ["True",         "yes",          "yes"],
    ["FALSE\nno",    "no",           "no"],
    ["\nyes",        undefined,      "yes"],
    ["no snowboard", "no snowboard", undefined],
    ["",             undefined,      undefined],
  ])("%j: paper %j, strict %j (stop strings not cut)", (answer, paper, strict) => {
    expect(benchmark.protocol("paper").extractor("tuned").extract(answer, [])).toBe(paper);
    expect(benchmark.protocol("strict").extractor("tuned").extract(answer, [])).toBe(strict);
  });
});

test("a question that names the placeholder: paper adds none, strict puts the image in front of it", () => {
  const named = { ...question, question: "What does <image> mean?" };
  const textOf = (name: string): string => {
    const prompt = benchmark.protocol(name).prompt(named, WORDINGS.tuned);
    return prompt.kind === "raw" ? prompt.text : prompt.user;
  };
  expect(textOf("paper").split("<image>")).toHaveLength(2);
  expect(textOf("paper")).toContain("What does <image> mean?");
  expect(textOf("strict").split("<image>")).toHaveLength(3);
  expect(textOf("strict").startsWith("<image>\n")).toBe(true);
});

function vision(text: string): object {
  return { ...raw(text), harness: "vision" };
}

function raw(text: string): object {
  return { kind: "raw", text, beginOfSequence: true };
}
