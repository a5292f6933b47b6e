import { chatWording, type Question } from "@mlan/core";
import {
  anyOf,
  choiceLines,
  defineBenchmark,
  imageColumn,
  lettered,
  numberedImages,
  pythonList,
  strictAnswer,
} from "@mlan/data-kit";
import { describeBenchmarkContract, folderWith } from "@mlan/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { z } from "zod";

/**
 * A question with or without choices, in the layout of MMMU: folders by subject, and texts that refer to images by
 * number.
 */
interface MixedQuestion extends Question {
  readonly text: string;
  readonly placedImages: number;
}

const mixed = defineBenchmark({
  name: "mixed",
  published: {
    repository: "acme/mixed",
    revision: "main",
    files: ["*/validation-*.parquet"],
    license: "Apache-2.0",
    modality: "image",
  },
  row: z.object({
    id: z.string(),
    question: z.string(),
    options: pythonList(z.string()),
    image_1: imageColumn.nullish(),
    image_2: imageColumn.nullish(),
    answer: z.union([pythonList(z.string()), z.string().transform((answer) => [answer])]),
    question_type: z.enum(["multiple-choice", "open"]),
  }),
  id: ({ id }) => id,
  question({ question, options, image_1, image_2, answer, question_type }, id): MixedQuestion {
    const choices = question_type === "open" ? [] : lettered(options);
    const asked = choices.length > 0 ? `${question}\n${choiceLines(choices)}` : question;
    const target = anyOf(answer);
    return { id, ...numberedImages(asked, [image_1, image_2]), ...(choices.length > 0 && { choices }), target };
  },
  protocols: {
    strict: {
      version: 1,
      ask: ({ text, placedImages }) => ({ user: text, placedImages, answerStart: 'The best answer is "' }),
      maximumNewTokens: 16,
      extractor: strictAnswer,
    },
  },
});

type Cell = Uint8Array | null;
type Row = readonly [id: string, question: string, options: string, one: Cell, two: Cell, answer: string, kind: string];

const pixelsOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const [red, blue] = [pixelsOf("red"), pixelsOf("blue")];
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  Art: [
    ["a1", "Is it like <image 2>?", "['no', '<image 1>']", red, blue, "B", "multiple-choice"],
    ["a2", "Which?", `["it's red", "blue"]`, null, blue, "A", "multiple-choice"],
  ],
  Math: [
    ["m1", "<image 1> How many?", "[]", red, null, "['24/7', '3.429']", "open"],
    ["m2", "How far?", "[]", null, null, "7 km", "open"],
  ],
};

function parquet(rows: readonly Row[]): Uint8Array {
  const text = (name: string, index: 0 | 1 | 2 | 5 | 6) => ({ name, data: rows.map((row) => row[index]) });
  const image = (name: string, index: 3 | 4) => {
    const cellOf = (bytes: Cell) => (bytes === null ? null : { bytes, path: null });
    return { name, data: rows.map((row) => cellOf(row[index])) };
  };
  const texts = ["id", "question", "options"];
  const bytes = parquetWriteBuffer({
    columnData: [
      ...texts.map((name, index) => text(name, index as 0 | 1 | 2)),
      image("image_1", 3),
      image("image_2", 4),
      text("answer", 5),
      text("question_type", 6),
    ],
    schema: [
      { name: "root", num_children: 7 },
      ...texts.map((name) => ({ name, type: "BYTE_ARRAY", converted_type: "UTF8" }) as const),
      ...["image_1", "image_2"].flatMap(
        (name) =>
          [
            { name, num_children: 2, repetition_type: "OPTIONAL" },
            { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
            { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
          ] as const,
      ),
      ...["answer", "question_type"].map((name) => ({ name, type: "BYTE_ARRAY", converted_type: "UTF8" }) as const),
    ],
  });
  return new Uint8Array(bytes);
}

const folderOf = (rows: typeof ROWS): Promise<URL> =>
  folderWith(
    Object.fromEntries(
      Object.entries(rows).map(([subject, its]) => [`${subject}/validation-00000-of-00001.parquet`, parquet(its)]),
    ),
  );
const folder = await folderOf(ROWS);

describeBenchmarkContract(mixed({ folder }));

// prettier-ignore
test.each([
  [0, "Is it like <image>?\nA: no\nB: <image>",        ["Art/validation-00000-of-00001.parquet#0.image_2", "Art/validation-00000-of-00001.parquet#0.image_1"], [blue, red], "B"],
  [1, "<image>\nWhich?\nA: it's red\nB: blue",         ["Art/validation-00000-of-00001.parquet#1.image_2"],  [blue], "A"],
  [2, "<image> How many?",                             ["Math/validation-00000-of-00001.parquet#0.image_1"], [red],  "24/7\n3.429"],
  [3, "How far?",                                      [],                                                   [],     "7 km"],
])("question %i is asked with its images in their places", async (index, user, names, pixels, target) => {
  const benchmark = mixed({ folder });
  const question = await (await benchmark.open()).at(index);
  expect(benchmark.protocol().prompt(question, chatWording("tuned"))).toMatchObject({ kind: "chat", user });
  expect(question.images.map(({ name }) => name)).toEqual(names);
  expect(await Promise.all(question.images.map((image) => image.read()))).toEqual(pixels);
  expect(question.target).toBe(target);
});

test("names the question whose text mentions an image missing from its row", async () => {
  const wrong: Row = ["a3", "See <image 2>.", "['a', 'b']", red, null, "A", "multiple-choice"];
  const examples = await mixed({ folder: await folderOf({ Art: [wrong] }) }).open();
  await expect(examples.at(0)).rejects.toThrow('mixed: example 0 ("a3"): the text mentions <image 2>');
});
