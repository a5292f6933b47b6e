import { gqa, type GqaQuestion } from "@mlan/data-gqa";
import { imageFromBytes } from "@mlan/data-kit";
import { type PaperWording, WORDINGS } from "@mlan/testing";
import { describe, expect, test } from "vitest";

const benchmark = gqa({ folder: new URL("fixtures/", import.meta.url) });

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
