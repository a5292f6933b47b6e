import { chatWording, type ImageReference, type Question } from "@mlan/core";
import { benchmarkFromRows, imageFromBytes, numberedImages, type QuestionWords, strictAnswer } from "@mlan/data-kit";
import { describe, expect, test } from "vitest";

const imageOf = (name: string): ImageReference => imageFromBytes(name, new Uint8Array());
const [one, two, three] = [imageOf("1"), imageOf("2"), imageOf("3")];
const namesOf = (images: readonly ImageReference[]): readonly string[] => images.map(({ name }) => name);

describe("images that a text numbers", () => {
  // prettier-ignore
  test.each<[string, readonly (ImageReference | null | undefined)[], string, readonly string[], number]>([
    ["Is <image 1> red?",           [one, null],       "Is <image> red?",         ["1"],           1],
    ["<image 2> or <image 1>?",     [one, two, null],  "<image> or <image>?",     ["2", "1"],      2],
    ["<image 1>, <image 1>",        [one],             "<image>, <image>",        ["1", "1"],      2],
    ["<image 2>?",                  [one, two, three], "<image>?",                ["1", "3", "2"], 1],
    ["<image 3>?",                  [undefined, null, three], "<image>?",         ["3"],           1],
    ["Why <image>?",                [one],             "Why <image>?",            ["1"],           0],
    ["Why?",                        [],                "Why?",                    [],              0],
  ])("have their places there: %j", (text, images, placed, names, places) => {
    const found = numberedImages(text, images);
    expect([found.text, namesOf(found.images), found.placedImages]).toEqual([placed, names, places]);
  });

  // prettier-ignore
  test.each<[string, readonly (ImageReference | null)[], string]>([
    ["<image 2>",          [one, null], "the text mentions <image 2>, but there is no such image"],
    ["<image 0>",          [one],       "the text mentions <image 0>, but there is no such image"],
    ["<image 1> <image>",  [one],       "the text contains <image> beside numbered images"],
  ])("are refused: %j", (text, images, problem) => expect(() => numberedImages(text, images)).toThrow(problem));
});

describe("a question", () => {
  const asked = (words: QuestionWords) =>
    benchmarkFromRows({
      name: "places",
      card: { source: "this test", license: "CC0-1.0", modality: "image" },
      rows: { read: () => Promise.reject(new Error("not read here")) },
      question: (_, id): Question => ({ id, images: [], target: "" }),
      protocols: { strict: { version: 1, ask: () => words, maximumNewTokens: 1, extractor: strictAnswer } },
    })
      .protocol()
      .prompt({ id: "q", images: [one, two], target: "" }, chatWording("tuned"));

  test("shows images before its text unless they are placed in it", () => {
    const answerStart = "It is ";
    expect(asked({ user: "Why <image>?", answerStart })).toMatchObject({ user: "<image> <image>\nWhy <image>?" });
    expect(asked({ user: "Why <image>?", answerStart, placedImages: 1 })).toEqual({
      kind: "chat",
      user: "<image>\nWhy <image>?",
      answerStart,
    });
    expect(asked({ user: "<image> or <image>?", answerStart, placedImages: 2 })).toMatchObject({
      user: "<image> or <image>?",
    });
  });

  // prettier-ignore
  test.each<[string, number, string]>([
    ["Why?",                    1, "0 placeholders <image> in its text, for 1 of 2 images"],
    ["<image> <image>",         1, "2 placeholders <image> in its text, for 1 of 2 images"],
    ["<image> <image> <image>", 3, "3 placeholders <image> in its text, for 3 of 2 images"],
  ])("is refused where its text has other places: %j for %i", (user, placedImages, problem) => {
    expect(() => asked({ user, answerStart: "", placedImages })).toThrow(`places: question "q" has ${problem}`);
  });
});
