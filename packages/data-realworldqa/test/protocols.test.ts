import { realworldqa, type RealworldqaQuestion } from "@mlan/data-realworldqa";
import { imageFromBytes } from "@mlan/data-kit";
import { type PaperWording, WORDINGS } from "@mlan/testing";
import { describe, expect, test } from "vitest";

const benchmark = realworldqa({ folder: new URL("fixtures/", import.meta.url) });

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
