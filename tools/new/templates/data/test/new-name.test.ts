import { describeConversationsContract } from "@mlan/testing";
import { expect, test } from "vitest";
import { newName } from "../src/index.ts";

const dataset = newName({ folder: new URL("fixtures/", import.meta.url) });

describeConversationsContract(dataset);

test("makes a conversation of each row", async () => {
  const examples = await dataset.open();
  expect(examples.length).toBe(2);
  expect(await examples.at(0)).toEqual({
    id: "0",
    turns: [
      { role: "user", text: "Name a primary color." },
      { role: "assistant", text: "red" },
    ],
    images: [],
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
