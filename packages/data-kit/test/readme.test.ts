import type { Conversation, Dataset } from "@mlan/core";
import * as dataKit from "@mlan/data-kit";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

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
  const folder = await temporaryFolder({
    "chats/rows.json": JSON.stringify([ROW]),
    "photos/cup.png": "pixels",
    "chats/images/cup.png": "pixels",
  });
  const dataset = await runSnippet(`const ${name} =`, name, new URL("script.js", folder));
  const examples = await dataset.open();
  const example = await examples.at(0);
  expect(example).toMatchObject({ id, turns: TURNS });
  expect(Buffer.from((await example.images[0]?.read()) ?? []).toString()).toBe("pixels");
});

/** The value of `name` once the README's snippet with that text has run as the module at `url`. */
async function runSnippet(text: string, name: string, url: URL): Promise<Dataset<Conversation>> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const snippet = [...readme.matchAll(/```ts\n(.*?)```/gs)]
    .map(([, code = ""]) => code)
    .find((code) => code.includes(text));
  const body = (snippet ?? "")
    .replace(/import (\{.*?\}) from "@mlan\/data-kit";/s, "const $1 = dataKit;")
    .replaceAll("import.meta.url", "url")
    .replaceAll("console.log", "void ");
  const run = new Function("dataKit", "url", `return (async () => {${body}; return ${name};})();`);
  return run(dataKit, url.href);
}
