import { gqa, type GqaQuestion } from "@mlan/data-gqa";
import { imageFromBytes } from "@mlan/data-kit";
import { describeBenchmarkContract, folderWith, type PaperWording, WORDINGS } from "@mlan/testing";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

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

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";
const SHIRT = asking("Who is wearing a shirt?", "girl");
const OVERCAST = asking("Is it overcast?", "yes");

// Recipe 3.5 and 3.6: the image before everything.
const PAPER: readonly (readonly [PaperWording, GqaQuestion, string])[] = [
  [
    "tuned",
    SHIRT,
    `<image>\n${SYSTEM} USER: Please provide a short answer to the question: Who is wearing a shirt?\n ASSISTANT: The best answer is "`,
  ],
  [
    "tuned",
    OVERCAST,
    `<image>\n${SYSTEM} USER: Please answer the question with "yes" or "no". Is it overcast?\n ASSISTANT: The best answer is "`,
  ],
  [
    "llama2-base",
    SHIRT,
    '<image>\nQuestion: Please provide a short answer to the question: Who is wearing a shirt?\nAnswer: The best answer is "',
  ],
  ["llama2-base", OVERCAST, '<image>\nQuestion: Is it overcast?\nAnswer: Among "yes" and "no", the best answer is "'],
  ["vicuna-base", SHIRT, '<image>\nUser: Who is wearing a shirt?\nAssistant: The best answer is "'],
  [
    "vicuna-base",
    OVERCAST,
    '<image>\nUser: Is it overcast? Please answer the question with "yes" or "no".\nAssistant: The best answer is "',
  ],
];

test.each(PAPER)("paper asks %s in its wording: %j", (wording, question, text) => {
  expect(benchmark.protocol("paper").prompt(question, WORDINGS[wording])).toEqual({
    kind: "raw",
    text,
    beginOfSequence: true,
    harness: "vision",
  });
});

// Q6: the image in the user's turn. Q8: one wording for all questions.
test.each([SHIRT, OVERCAST])(
  "strict asks every question for a short answer, the image in the user's turn: %j",
  (asked) => {
    const { prompt, choices } = benchmark.protocol("strict");
    expect(prompt(asked, WORDINGS.tuned)).toEqual({
      kind: "chat",
      user: `<image>\nPlease provide a short answer to the question: ${asked.question}`,
      answerStart: 'The best answer is "',
    });
    expect(prompt(asked, WORDINGS["llama2-base"])).toMatchObject({
      text: `<image>\nQuestion: Please provide a short answer to the question: ${asked.question}\nAnswer: The best answer is "`,
      beginOfSequence: true,
    });
    expect(prompt(asked, WORDINGS["vicuna-base"])).toMatchObject({
      text: `User: <image>\n${asked.question}\nAssistant: The best answer is "`,
      beginOfSequence: true,
    });
    expect(choices(asked)).toEqual([]);
  },
);

// Q8: words that hold "no" or "yes"; the bases see them in lower case only.
describe("paper lets the published answer decide how it asks", () => {
  // prettier-ignore
  test.each([
    ["snow",     true,  true],
    ["notebook", true,  true],
    ["eyes",     true,  true],
    ["Yes",      true,  false],
    ["North",    true,  false],
    ["NO",       true,  false],
    ["girl",     false, false],
  ])("%s: yes or no for the tuned model %j, for the bases %j", (target, tuned, bases) => {
    const { prompt, choices } = benchmark.protocol("paper");
    const offers = (wording: PaperWording): boolean => {
      const asked = prompt(asking("What?", target), WORDINGS[wording]);
      return asked.kind === "raw" && /"yes" (or|and) "no"/.test(asked.text);
    };
    expect([offers("tuned"), offers("llama2-base"), offers("vicuna-base")]).toEqual([tuned, bases, bases]);
    expect(choices(asking("What?", target)).map(({ label }) => label)).toEqual(tuned ? ["yes", "no"] : []);
  });
});

test("generates eight tokens at most", () => {
  expect(benchmark.protocol("paper").maximumNewTokens).toBe(8);
  expect(benchmark.protocol("strict").maximumNewTokens).toBe(8);
});

// Recipe A.5 for numbers; Q14 for the end of a line, where Llama 2's own task differs; Q15 for "none" and "ten".
describe("reads answers", () => {
  // prettier-ignore
  test.each([
    ["Two",            "2",             "2",       "2"],
    ["none",           "0",             "0",       "none"],
    ["ten",            "ten",           "ten",     "10"],
    ["True",           "yes",           "yes",     "yes"],
    ['blue".',         "blue",          "blue",    "blue"],
    ["yes, it is",     "yes",           "yes",     "yes it is"],
    ["blue\nUSER",     "blue\nUSER",    "blue",    "blue"],
    ["\nblue",         "blue",          undefined, "blue"],
    ["Light Blue",     "Light Blue",    "Light Blue", "light blue"],
    ["",               undefined,       undefined, undefined],
  ])("%j: paper %j, of Llama 2 %j, strict %j", (answer, paper, llama2, strict) => {
    const read = (protocol: "paper" | "strict", wording: PaperWording): string | undefined => {
      const { stop, extract } = benchmark.protocol(protocol).extractor(wording);
      const end = Math.min(...stop.map((one) => answer.indexOf(one)).filter((at) => at >= 0), answer.length);
      return extract(answer.slice(0, end), []);
    };
    expect(read("paper", "tuned")).toBe(paper);
    expect(read("paper", "vicuna-base")).toBe(paper);
    expect(read("paper", "llama2-base")).toBe(llama2);
    expect(read("strict", "tuned")).toBe(strict);
  });

  // prettier-ignore
  test.each([
    ["Blue",  "blue",    true,  true],
    ["2",     "two",     false, true],
    ["tshirt", "t-shirt", true, false],
    ["no",    "snow",    false, false],
    ["cats",  "cat",     false, false],
  ])("%j for %j: paper %j, strict %j", (extracted, target, paper, strict) => {
    expect(benchmark.protocol("paper").extractor("tuned").isCorrect(extracted, target)).toBe(paper);
    expect(benchmark.protocol("strict").extractor("tuned").isCorrect(extracted, target)).toBe(strict);
  });
});

test("registers the extractor of Llama 2's task under a separate name", () => {
  expect(benchmark.extractors.map(({ name }) => name)).toEqual([
    "paper",
    "paper-llama2-base",
    "strict",
    "first-mention",
  ]);
});

test("a question that names the placeholder: paper adds none, strict puts the image in front of it", () => {
  const question = { ...asking("What is it?", "tag"), question: "What does <image> mean?" };
  const textOf = (name: string): string => {
    const prompt = benchmark.protocol(name).prompt(question, WORDINGS.tuned);
    return prompt.kind === "raw" ? prompt.text : prompt.user;
  };
  expect(textOf("paper").split("<image>")).toHaveLength(2);
  expect(textOf("paper")).toContain("What does <image> mean?");
  expect(textOf("strict").split("<image>")).toHaveLength(3);
  expect(textOf("strict").startsWith("<image>\n")).toBe(true);
});

function asking(question: string, target: string): GqaQuestion {
  return { id: "1", images: [imageFromBytes("scene.png", new Uint8Array())], question, target };
}

async function hubFolder(tables: {
  readonly questions: ColumnSource[];
  readonly images: Readonly<Record<string, Uint8Array>>;
}): Promise<URL> {
  const folder = await folderWith({});
  const write = async (table: string, file: ArrayBuffer): Promise<void> => {
    await mkdir(new URL(`${table}/`, folder));
    await writeFile(new URL(`${table}/testdev-00000-of-00001.parquet`, folder), new Uint8Array(file));
  };
  await write("testdev_balanced_instructions", parquetWriteBuffer({ columnData: tables.questions }));
  const images = parquetWriteBuffer({
    columnData: [
      { name: "id", data: Object.keys(tables.images) },
      { name: "image", data: Object.values(tables.images).map((bytes) => ({ bytes, path: null })) },
    ],
    schema: [
      { name: "root", num_children: 2 },
      { name: "id", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
    ],
  });
  await write("testdev_balanced_images", images);
  return folder;
}

async function readImage(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`images/${name}.png`, fixtures)));
}
