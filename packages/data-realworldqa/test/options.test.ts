import { MlanError } from "@mlan/core";
import { realworldqa } from "@mlan/data-realworldqa";
import { imageFromBytes } from "@mlan/data-kit";
import { WORDINGS } from "@mlan/testing";
import fc from "fast-check";
import { expect, test } from "vitest";

const INSTRUCTION = "Please answer directly with only the letter of the correct option and nothing else.";

// Q9: paper knows A, B and C only, wants whitespace behind each, and gives labels anew by position.
// prettier-ignore
test.each([
  ["Which?\nA. Left\nB. Straight\nC. Right\n",        ["A: Left", "B: Straight", "C: Right"],    ["A: Left", "B: Straight", "C: Right"]],
  ["Which?\nA. Left\nB. Straight\nC. Right",          ["A: Left", "B: Straight"],                ["A: Left", "B: Straight", "C: Right"]],
  ["Which?\nA. Turn left\nB. Turn right",             ["A: Turn left", "B: Turn"],               ["A: Turn left", "B: Turn right"]],
  ["Which?\nA. 1\nB. 2\nC. 3\nD. 4\n",                ["A: 1", "B: 2", "C: 3"],                  ["A: 1", "B: 2", "C: 3", "D: 4"]],
  [`Which?\nA. 1\nB. 2\n${INSTRUCTION}`,              ["A: 1", "B: 2"],                          ["A: 1", "B: 2"]],
  [`Which?\nA. 1\nB. 2 ${INSTRUCTION}`,               ["A: 1", "B: 2"],                          ["A: 1", "B: 2"]],
  ["Which?\nB. two\nC. three\n",                      ["A: two", "B: three"],                    ["B: two", "C: three"]],
  ["Which?\r\nA. left\r\nB. right\r\n",               ["A: left\r", "B: right\r"],               ["A: left", "B: right"]],
  ["Which way, A. left, or B. right?\n",              ["A: left, or B. right?"],                 []],
  ["The USA. Is it?\nA. Yes\nB. No\n",                ["A: Is it?", "B: Yes", "C: No"],          ["A: Yes", "B: No"]],
  ["Which?\nA. 1\nB. 2\nC. 3\nA. 4\n",                ["A: 1", "B: 2", "C: 3"],                  ["A: 1", "B: 2", "C: 3"]],
  ["Which?\nA. one\u2028two\nB. 2\n",                 ["A: one\u2028two", "B: 2"],               ["A: one\u2028two", "B: 2"]],
  ["Which?\nA.\u0085one\nB.\u001c2\n",                ["A: one", "B: 2"],                        ["A: one", "B: 2"]],
  ["Which?\n",                                        [],                                        []],
  ["Only one?\nA. Yes\n",                             ["A: Yes"],                                []],
  // Written differently: read by strict alone.
  ["Which?\nA. Left\nB Middle\nC. Right\n",          ["A: Left", "B: Right"],                   ["A: Left", "B: Middle", "C: Right"]],
  ["Which?\nA. Left\nB.Middle\nC. Right\n",          ["A: Left", "B: Right"],                   ["A: Left", "B: Middle", "C: Right"]],
  ["Which?\nA Left\nB Middle\nC Right\n",            [],                                        ["A: Left", "B: Middle", "C: Right"]],
  ["Which?\nA) Left\nB) Middle\nC) Right\n",         [],                                        ["A: Left", "B: Middle", "C: Right"]],
  ["Which?\n(A) Left\n(B) Middle\n(C) Right\n",      [],                                        ["A: Left", "B: Middle", "C: Right"]],
  ["Which?\nA: Left\nB: Middle\n",                   [],                                        ["A: Left", "B: Middle"]],
  ["Which? A. Left B. Middle C. Right",               ["A: Left B. Middle C."],                  ["A: Left", "B: Middle", "C: Right"]],
  ["Which?\nA. Left B. Middle\nC. Right\n",          ["A: Left B. Middle", "B: Right"],         ["A: Left", "B: Middle", "C: Right"]],
  ["Which? (A) left, (B) the middle, or (C) right\n", [],                                        ["A: left", "B: the middle", "C: right"]],
  ["Which? A) 1 B) 2 C) 3 D) 4",                      [],                                        ["A: 1", "B: 2", "C: 3", "D: 4"]],
  ["Look.\nA car passes by.\nWhere?\nA. Left\nB. Right\n", ["A: Left", "B: Right"],             ["A: Left", "B: Right"]],
  ["Is car (A) left of car (B) or not?",              [],                                        []],
])("%j offers %j to paper and %j to strict", (question, paper, strict) => {
  expect(offered("paper", question)).toEqual(paper);
  expect(offered("strict", question)).toEqual(strict);
});

// prettier-ignore
test.each([
  ["Which way is it\nA. 1\nB. 2\n",                   "Which way is it...",     "Which way is it..."],
  ["Which way?  \nA. 1\nB. 2\n",                      "Which way?  ",           "Which way?"],
  ["How many? Please answer directly with a single word or number.", "How many? ", "How many?"],
  ["Look.\nHow many\nare there?",                     "Look.",                  "Look.\nHow many\nare there?"],
  ["Which one？",                                      "Which one？...",          "Which one？..."],
  ["\nHow many?",                                     "...",                    "How many?"],
])("%j is asked as %j by paper and as %j by strict", (question, paper, strict) => {
  expect(stem("paper", question)).toBe(paper);
  expect(stem("strict", question)).toBe(strict);
});

test.each(["paper", "strict"] as const)("%s asks any text at all, or strict says why not", (name) => {
  const text = fc.string({
    unit: fc.constantFrom("A", "B", "C", "D", ".", " ", "\n", "\r", "x", "?", INSTRUCTION, "\u0085"),
  });
  const protocol = realworldqa().protocol(name);
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: "binary" })), fc.string(), (question, target) => {
      const asked = { id: "", images: [], question, target };
      const choices = protocol.choices(asked);
      expect(new Set(choices.map(({ label }) => label)).size).toBe(choices.length);
      for (const wording of ["tuned", "llama2-base", "vicuna-base"] as const) {
        try {
          protocol.prompt(asked, WORDINGS[wording]);
        } catch (error) {
          expect(name).toBe("strict");
          expect(MlanError.is(error, "invalid-data")).toBe(true);
        }
      }
    }),
  );
});

test("strict offers every option line, whatever their number and texts", () => {
  const line = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => text.trim() === text && /^[\p{L}\p{N}].*[\p{L}\p{N}]$/u.test(text));
  const options = fc.array(line, { minLength: 2, maxLength: 26 });
  const ending = fc.constantFrom("", "\n", `\n${INSTRUCTION}`, ` ${INSTRUCTION}`);
  fc.assert(
    fc.property(line, options, ending, (first, texts, end) => {
      const lines = texts.map((text, index) => `${LETTERS[index]}. ${text}`);
      const question = `${first}?\n\n${lines.join("\n")}${end}`;
      expect(offered("strict", question)).toEqual(texts.map((text, index) => `${LETTERS[index]}: ${text}`));
      expect(stem("strict", question)).toBe(`${first}?`);
    }),
  );
});

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

// prettier-ignore
test.each([
  ["Which?\nA. Left\nB. Right\n",              " B",        "B"],
  ["Which?\nA. Left\nB. Right\n",              "b.\n",      "B"],
  ["Which?\nA. Left\nB. Right\n",              "(B)",       "B"],
  ["Which?\nA. Left\nB. Right\n",              "B. Right",  "B"],
  ["Which?\nA. Left\nB. Right\n",              "Right",     "B"],
  ["Which?\nA. B\nB. A\n",                     "A",         "A"],
  ["What letter is on the plate?",              "B",         "B"],
  ["How many?",                                 " Two",      " Two"],
])("of %j the published answer %j is %j to strict, and itself to paper", (question, target, label) => {
  const asked = { id: "7", images: [], question, target };
  const { strict, paper } = { strict: realworldqa().protocol("strict"), paper: realworldqa().protocol("paper") };
  expect(strict.target?.(asked)).toBe(label);
  expect(paper.target?.(asked) ?? asked.target).toBe(target);
  expect(() => strict.prompt(asked, WORDINGS.tuned)).not.toThrow();
});

// prettier-ignore
test.each([
  ["Which?\nA. Left\nB. Right\n",              "C",      'its answer "C" is not one of its options A, B'],
  ["Which?\nA. Left\nB. Left\n",               "Left",   'its answer "Left" is not one of its options A, B'],
  ["Which?\nA. Left\nC. Right\n",              "A",      "its options are A, C, with a gap"],
  ["Which way, A. left, or B. right?\n",        "B",      'its answer is the letter "B", but it has no options that can be read'],
  ["Which one, A Left B Right?\n",              "B",      'its answer is the letter "B", but it has no options that can be read'],
  [`Which? ${INSTRUCTION}`,                     "A",      "it asks for a letter, but has no options that can be read"],
])("strict refuses %j with the answer %j, which paper asks", (question, target, problem) => {
  const asked = { id: "7", images: [], question, target };
  expect(() => realworldqa().protocol("strict").prompt(asked, WORDINGS.tuned)).toThrow(`data-realworldqa: question 7: ${problem}.`);
  expect(() => realworldqa().protocol("paper").prompt(asked, WORDINGS.tuned)).not.toThrow();
});

function offered(name: string, question: string): readonly string[] {
  const choices = realworldqa().protocol(name).choices({ id: "", images: [], question, target: "" });
  return choices.map(({ label, text }) => `${label}: ${text}`);
}

/** Returns the question without options and instructions. */
function stem(name: string, question: string): string | undefined {
  // Whether there is a right answer does not matter to what is asked.
  const target = realworldqa().protocol(name).choices({ id: "", images: [], question, target: "" })[0]?.label ?? "x";
  const prompt = realworldqa()
    .protocol(name)
    .prompt(
      { id: "", images: [imageFromBytes("street.png", new Uint8Array())], question, target },
      WORDINGS["llama2-base"],
    );
  const text = prompt.kind === "raw" ? prompt.text : "";
  return /Question: (?:Please provide a short answer to the question: )?(.*?)(?: Choose the best option .*)?\nAnswer: /s.exec(
    text,
  )?.[1];
}
