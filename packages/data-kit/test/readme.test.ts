import { type Benchmark, chatWording, type Conversation, type Dataset } from "@mlan/core";
import * as dataKit from "@mlan/data-kit";
import { readFile } from "node:fs/promises";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const ROW = {
  id: "a",
  image: "cup.png",
  conversations: [
    { from: "human", value: "What is it?\n<image>" },
    { from: "gpt", value: "A cup." },
  ],
};
const TURNS = [
  { role: "user", text: "What is it?\n<image>" },
  { role: "assistant", text: "A cup." },
];

test.each([
  ["chats", "a"],
  ["short", "short-a"],
])("the README's %s are read", async (name, id) => {
  const folder = await folderWith({
    "chats/rows.json": JSON.stringify([ROW]),
    "photos/cup.png": "pixels",
    "chats/images/cup.png": "pixels",
  });
  const dataset = await runSnippet<Dataset<Conversation>>(`const ${name} =`, name, new URL("script.js", folder));
  const examples = await dataset.open();
  const example = await examples.at(0);
  expect(example).toMatchObject({ id, turns: TURNS });
  expect(Buffer.from((await example.images[0]?.read()) ?? []).toString()).toBe("pixels");
});

test("the README's benchmark is read and asked", async () => {
  const row = { riddle: "What runs?", options: ["a nose", "a stone"], answer: "A" };
  const folder = await folderWith({ "riddles.jsonl": JSON.stringify(row) });
  const riddles = await runSnippet<() => Benchmark>("const riddles =", "riddles", new URL("script.js", folder));
  const question = await (await riddles().open()).at(0);
  expect(riddles().protocol().prompt(question, chatWording("tuned"))).toEqual({
    kind: "chat",
    user: "What runs?\nA: a nose\nB: a stone",
    answerStart: 'The best answer is "',
  });
});

/**
 * Runs the README's snippet that contains `text` as a module at `url`, and returns the value of its variable `name`.
 */
async function runSnippet<Value>(text: string, name: string, url: URL): Promise<Value> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const snippet = [...readme.matchAll(/```ts\n(.*?)```/gs)]
    .map(([, code = ""]) => code)
    .find((code) => code.includes(text));
  const body = (snippet ?? "")
    .replace(/import (\{.*?\}) from "@mlan\/data-kit";/s, "const $1 = dataKit;")
    .replace('import { z } from "zod";', "")
    .replaceAll("export const", "const")
    .replaceAll("import.meta.url", "url")
    .replaceAll("console.log", "void ");
  const run = new Function("dataKit", "z", "url", `return (async () => {${body}; return ${name};})();`);
  return run(dataKit, z, url.href);
}
