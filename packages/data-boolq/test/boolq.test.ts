import { boolq } from "@mlan/data-boolq";
import { describeBenchmarkContract, folderWith, type PaperWording, WORDINGS } from "@mlan/testing";
import { describe, expect, test } from "vitest";

const benchmark = boolq({ folder: new URL("fixtures/", import.meta.url) });

describeBenchmarkContract(benchmark);

test("asks the published rows, clustered by passage", async () => {
  const examples = await benchmark.open();
  const [first, second, third] = await Promise.all([0, 1, 2].map((index) => examples.at(index)));
  expect(first).toMatchObject({ id: "0", question: "can a lighthouse be painted", target: "yes", images: [] });
  expect([second!.target, third!.target]).toEqual(["no", "no"]);
  expect(second!.cluster).toBe(first!.cluster);
  expect(third!.cluster).not.toBe(first!.cluster);
});

test("names file, row and column of a bad row", async () => {
  const good = { question: "q", passage: "p", answer: true };
  const rows = [good, good, { ...good, answer: "yes" }].map((row) => JSON.stringify(row)).join("\n");
  const folder = await folderWith({ "validation.jsonl": rows });
  await expect(boolq({ folder }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message:
      'data-boolq: validation.jsonl row 2 (line 3), column "answer": expected true or false, found "yes". Correct or remove that row.',
  });
});

test("refuses unknown options", () => {
  expect(() => boolq({ foldr: new URL("file:///") } as object)).toThrow('data-boolq: there is no option "foldr"');
});

const question = { id: "0", images: [], question: "is it so", passage: "{passage}", target: "yes" } as const;
const NAMES: readonly PaperWording[] = ["tuned", "llama2-base", "vicuna-base"];

describe("the paper protocol", () => {
  const protocol = benchmark.protocol("paper");
  const extractor = protocol.extractor("tuned");

  // Recipe 3.5, expanded by the original code.
  test.each(NAMES)("asks every model in the wording of boolq_em (%s)", (wording) => {
    expect(protocol.prompt(question, WORDINGS[wording])).toEqual({
      kind: "raw",
      text:
        "User: Context: {passage}\nQuestion: is it so?\nPlease answer the question with 'yes' or 'no'.\n" +
        'Assistant: The best answer is"',
      beginOfSequence: false,
      harness: "language",
    });
  });

  test("generates and stops as the original harness does", () => {
    expect(protocol.maximumNewTokens).toBe(20);
    expect([...extractor.stop].toSorted()).toEqual(["User:", '"', ":", ",", ".", "</s>"].toSorted());
  });

  // Recipe A.5 (executed) and the exact match that ignores case and nothing else.
  // prettier-ignore
  test.each([
    ["True",  "yes",   true],
    ["FALSE", "no",    false],
    ["Yes",   "Yes",   true],
    ["YES",   "YES",   true],
    [" true", " true", false],
    [" yes",  " yes",  false],
    ["yes\n", "yes\n", false],
    ["no",    "no",    false],
  ])("reads %j as %j", (answer, extracted, correct) => {
    expect(extractor.extract(answer, [])).toBe(extracted);
    expect(extractor.isCorrect(extracted, question.target)).toBe(correct);
  });
});

describe("the strict protocol", () => {
  const protocol = benchmark.protocol("strict");
  const extractor = protocol.extractor("tuned");
  const asked = "Context: {passage}\nQuestion: is it so?\nPlease answer the question with 'yes' or 'no'.";

  test("asks a tuned model in its own template", () => {
    expect(protocol.prompt(question, WORDINGS.tuned)).toEqual({
      kind: "chat",
      user: asked,
      answerStart: 'The best answer is "',
    });
  });

  test("asks the bases in their own wording, after the begin-of-sequence token", () => {
    const raw = { kind: "raw", beginOfSequence: true };
    expect(protocol.prompt(question, WORDINGS["llama2-base"])).toEqual({
      ...raw,
      text: `${asked}\nAnswer: The best answer is "`,
    });
    expect(protocol.prompt(question, WORDINGS["vicuna-base"])).toEqual({
      ...raw,
      text: `User: ${asked}\nAssistant: The best answer is "`,
    });
  });

  // prettier-ignore
  test.each([
    ["yes",           "yes"],
    [" Yes\nbecause", "yes"],
    ["\nTRUE ",       "yes"],
    ["false",         "no"],
    ["maybe",         undefined],
    ["yes and no",    undefined],
    ["",              undefined],
  ])("reads %j as %j", (answer, extracted) => expect(extractor.extract(answer, [])).toBe(extracted));
});
