import { chatWording } from "@mlan/core";
import { describeBenchmarkContract } from "@mlan/testing";
import { expect, test } from "vitest";
import { newName } from "../src/index.ts";

const benchmark = newName({ folder: new URL("fixtures/", import.meta.url) });

describeBenchmarkContract(benchmark);

test("asks each question with its choices", async () => {
  const examples = await benchmark.open();
  expect(examples.length).toBe(2);
  expect(benchmark.protocol("strict").prompt(await examples.at(0), chatWording("tuned"))).toEqual({
    kind: "chat",
    user: "Which is a color?\nA: red\nB: seven",
    answerStart: 'The best answer is "',
  });
});

test("names file, row and column of a bad row", async () => {
  await expect(newName({ file: new URL("fixtures/bad.jsonl", import.meta.url) }).open()).rejects.toMatchObject({
    code: "invalid-data",
    message: expect.stringContaining('data-new-name: bad.jsonl row 0 (line 1), column "answer"'),
  });
});

test("refuses options that do not exist", () => {
  expect(() => newName(JSON.parse('{ "foldr": "data/" }'))).toThrow('data-new-name: there is no option "foldr"');
});
