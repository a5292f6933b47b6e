import { realworldqa, type RealworldqaQuestion } from "@mlan/data-realworldqa";
import { imageFromBytes } from "@mlan/data-kit";
import { describeBenchmarkContract, folderWith, type PaperWording, WORDINGS } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

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

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";
const WHEEL = asking(
  "In which direction is the front wheel of the car on the right side facing?\n\nA. Left\nB. Straight\nC. Right\n" +
    "Please answer directly with only the letter of the correct option and nothing else.",
  "C",
);
const WHEEL_TEXT = "In which direction is the front wheel of the car on the right side facing?";
const WHEEL_OPTIONS = "A: Left\nB: Straight\nC: Right\n";
const SIGN = asking("Is there a sign? Please answer directly with a single word or number.", "yes");
const COUNT = asking("How many cars? Please answer directly with a single word or number.", "3");

// Recipe 3.5 and 3.6: in the user's turn for tuned models, before everything for Vicuna's base. The space that the
// instruction leaves behind stays.
const PAPER: readonly (readonly [PaperWording, RealworldqaQuestion, string])[] = [
  [
    "tuned",
    WHEEL,
    `${SYSTEM} USER: <image>\n${WHEEL_TEXT} Choose the best option from below:\n${WHEEL_OPTIONS} ASSISTANT: The best answer is "`,
  ],
  [
    "tuned",
    SIGN,
    `${SYSTEM} USER: <image>\nPlease answer the question with "yes" or "no". Is there a sign? \n ASSISTANT: The best answer is "`,
  ],
  [
    "tuned",
    COUNT,
    `${SYSTEM} USER: <image>\nPlease provide a short answer to the question: How many cars? \n ASSISTANT: The best answer is "`,
  ],
  [
    "llama2-base",
    WHEEL,
    `<image>\nQuestion: ${WHEEL_TEXT} Choose the best option from below:\n${WHEEL_OPTIONS}Answer: The best answer is "`,
  ],
  [
    "llama2-base",
    SIGN,
    '<image>\nQuestion: Is there a sign?  Please answer the question with "yes" or "no".\nAnswer: The best answer is "',
  ],
  [
    "llama2-base",
    COUNT,
    '<image>\nQuestion: Please provide a short answer to the question: How many cars? \nAnswer: The best answer is "',
  ],
  [
    "vicuna-base",
    WHEEL,
    `<image>\nUser: ${WHEEL_TEXT} Choose the best option from the choices provided:\n${WHEEL_OPTIONS}Assistant: The best answer is "`,
  ],
  [
    "vicuna-base",
    SIGN,
    '<image>\nUser: Is there a sign?  Please answer the question with "yes" or "no".\nAssistant: The best answer is "',
  ],
  ["vicuna-base", COUNT, '<image>\nUser: How many cars? \nAssistant: The best answer is "'],
];

test.each(PAPER)("paper asks %s in its wording: %j", (wording, question, text) => {
  expect(benchmark.protocol("paper").prompt(question, WORDINGS[wording])).toEqual({
    kind: "raw",
    text,
    beginOfSequence: true,
    harness: "vision",
  });
});

// Q6: in the user's turn everywhere. Q8: nothing but the question decides what is asked. Q9: all options.
const STRICT: readonly (readonly [PaperWording, RealworldqaQuestion, object])[] = [
  ["tuned", WHEEL, chat(`<image>\n${WHEEL_TEXT} Choose the best option from below:\nA: Left\nB: Straight\nC: Right`)],
  ["tuned", SIGN, chat("<image>\nPlease provide a short answer to the question: Is there a sign?")],
  [
    "llama2-base",
    WHEEL,
    raw(
      `<image>\nQuestion: ${WHEEL_TEXT} Choose the best option from below:\n${WHEEL_OPTIONS}Answer: The best answer is "`,
    ),
  ],
  [
    "llama2-base",
    SIGN,
    raw(
      '<image>\nQuestion: Please provide a short answer to the question: Is there a sign?\nAnswer: The best answer is "',
    ),
  ],
  [
    "vicuna-base",
    WHEEL,
    raw(
      `User: <image>\n${WHEEL_TEXT} Choose the best option from the choices provided:\n${WHEEL_OPTIONS}Assistant: The best answer is "`,
    ),
  ],
  ["vicuna-base", SIGN, raw('User: <image>\nIs there a sign?\nAssistant: The best answer is "')],
];

test.each(STRICT)("strict asks %s in its wording: %j", (wording, question, prompt) => {
  expect(benchmark.protocol("strict").prompt(question, WORDINGS[wording])).toEqual(prompt);
});

// Q8: the bases look for lower case only.
describe("paper lets the published answer decide how it asks", () => {
  // prettier-ignore
  test.each([
    ["North", true,  false],
    ["snow",  true,  true],
    ["Yes",   true,  false],
    ["Left",  false, false],
  ])("%s: yes or no for the tuned model %j, for the bases %j", (target, tuned, bases) => {
    const { prompt, choices } = benchmark.protocol("paper");
    const offers = (wording: PaperWording): boolean => {
      const asked = prompt(asking("What is it?", target), WORDINGS[wording]);
      return asked.kind === "raw" && asked.text.includes('with "yes" or "no"');
    };
    expect([offers("tuned"), offers("llama2-base"), offers("vicuna-base")]).toEqual([tuned, bases, bases]);
    expect(choices(asking("What is it?", target)).map(({ label }) => label)).toEqual(tuned ? ["yes", "no"] : []);
  });
});

test("paper leaves an answer as it is where it offers yes and no", () => {
  const { choices, extractor } = benchmark.protocol("paper");
  const offered = choices(asking("Is it?", "No"));
  expect(offered).toHaveLength(2);
  expect(["No", "no", "TRUE", "Yes."].map((answer) => extractor("tuned").extract(answer, offered))).toEqual([
    "No",
    "no",
    "yes",
    "Yes",
  ]);
});

test("generates sixteen tokens at most", () => {
  expect(benchmark.protocol("paper").maximumNewTokens).toBe(16);
  expect(benchmark.protocol("strict").maximumNewTokens).toBe(16);
});

const LEFT_STRAIGHT_RIGHT = ["Left", "Straight", "Right"].map((text, index) => ({ label: "ABC"[index]!, text }));

describe("reads answers to options Left, Straight and Right", () => {
  // The first five are recipe A.5, executed ("c" counts for "C" when it is scored).
  // prettier-ignore
  test.each([
    ["left",           "A",        "A"],
    ["Right",          "C",        "C"],
    ["C",              "C",        "C"],
    ["c",              "c",        "C"],
    ["straight ",      "B",        "B"],
    ["Left!",          "Left!",    "A"],
    ["Left\nbecause",  "Left\nbecause", "A"],
    ["\nLeft",         "A",        "A"],
    ["B: Straight",    "B",        "B"],
    ["left or right",  "left or right", undefined],
    ["",               undefined,  undefined],
  ])("%j: paper %j, strict %j (stop strings not cut)", (answer, paper, strict) => {
    expect(benchmark.protocol("paper").extractor("tuned").extract(answer, LEFT_STRAIGHT_RIGHT)).toBe(paper);
    expect(benchmark.protocol("strict").extractor("tuned").extract(answer, LEFT_STRAIGHT_RIGHT)).toBe(strict);
  });
});

describe("reads short answers", () => {
  // prettier-ignore
  test.each([
    ["Two",      "2",        "2"],
    ["none",     "0",        "none"],
    ["ten",      "ten",      "10"],
    ["True",     "yes",      "yes"],
    ["3.5",      "3",        "3.5"],
    ["Yes\nIt",  "Yes\nIt",  "yes"],
    ["",         undefined,  undefined],
  ])("%j: paper %j, strict %j", (answer, paper, strict) => {
    expect(benchmark.protocol("paper").extractor("tuned").extract(answer, [])).toBe(paper);
    expect(benchmark.protocol("strict").extractor("tuned").extract(answer, [])).toBe(strict);
  });

  // prettier-ignore
  test.each([
    ["yes", "Yes", true,  true],
    ["2",   "two", false, true],
    ["c",   "C",   true,  true],
    ["no",  "north", false, false],
  ])("%j for %j: paper %j, strict %j", (extracted, target, paper, strict) => {
    expect(benchmark.protocol("paper").extractor("tuned").isCorrect(extracted, target)).toBe(paper);
    expect(benchmark.protocol("strict").extractor("tuned").isCorrect(extracted, target)).toBe(strict);
  });
});

function asking(question: string, target: string): RealworldqaQuestion {
  return { id: "1", images: [imageFromBytes("street.png", new Uint8Array())], question, target };
}

function chat(user: string): object {
  return { kind: "chat", user, answerStart: 'The best answer is "' };
}

function raw(text: string): object {
  return { kind: "raw", text, beginOfSequence: true };
}

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
