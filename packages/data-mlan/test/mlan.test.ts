import { mlan } from "@mlan/data-mlan";
import { describeConversationsContract, folderWith } from "@mlan/testing";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = new URL("fixtures/", import.meta.url);

describeConversationsContract(mlan({ folder }));
describeConversationsContract(mlan({ folder, mixture: "mlan-v-88l" }));

test("describes the content of each mixture", () => {
  expect(mlan()).toMatchObject({ name: "mlan", card: { modality: "text" } });
  expect(mlan({ mixture: "mlan-v-50l" })).toMatchObject({ name: "mlan-v-50l", card: { modality: "mixed" } });
});

test("does not use the name or licence of the released files for a different file", () => {
  const file = new URL("my%20own.json", folder);
  const { name, card } = mlan({ file });
  expect(name).toBe("my own");
  expect(card).toEqual({ source: fileURLToPath(file), license: "unknown", modality: "mixed" });
});

test("refuses options that exclude each other, naming them", () => {
  const file = new URL("MLAN_v_88l_80k.json", folder);
  expect(() => mlan({ file, folder })).toThrow(
    'data-mlan: the options "file" and "folder" exclude each other (each says where the rows come from); give one of them.',
  );
  expect(() => mlan({ folder, hub: { revision: "main" } })).toThrow('"folder" and "hub" exclude each other');
  expect(() => mlan({ file, mixture: "mlan" })).toThrow('"file" and "mixture" exclude each other');
});

test("keeps every turn and a system turn, drops a preamble by gpt, and leaves <image> alone in a language-only row", async () => {
  const examples = await mlan({ folder }).open();
  expect((await examples.at(1)).turns).toEqual([
    { role: "user", text: "Name a colour." },
    { role: "assistant", text: "Red." },
    { role: "user", text: "Another one." },
    { role: "assistant", text: "Blue." },
  ]);
  expect(await examples.at(2)).toMatchObject({
    images: [],
    turns: [{ role: "system", text: "Be brief." }, { text: "What does <image> mean in a web page?" }, {}],
  });
});

test("keeps texts as they are, and numbers repeated ids", async () => {
  const examples = await mlan({ file: new URL("MLAN_v_88l_80k.json", folder) }).open();
  const [first, second] = [await examples.at(3), await examples.at(4)];
  expect(first.turns[0]).toEqual({ role: "user", text: "What colour is it?\n<image>" });
  expect([first.id, second.id]).toEqual(["vision-1", "vision-1#2"]);
  expect((await second.images[0]!.read()).length).toBeGreaterThan(50);
});

const turn = (from: string, value = "x") => ({ from, value });

test.each([
  [
    "a turn out of order",
    { conversations: [turn("human"), turn("human")] },
    'column "conversations.1.from": turns must alternate: expected an answer, found one by "human"',
  ],
  [
    "a question without an answer",
    { conversations: [turn("human")] },
    'column "conversations": the last turn must be an answer',
  ],
  ["no turns", { conversations: [] }, 'column "conversations": the last turn must be an answer'],
  [
    "an unknown errorPrefix",
    { conversations: [turn("system"), turn("human"), turn("bot")] },
    'column "conversations.2.from": expected "human", "user", "gpt", "assistant", "system" or "developer", found "bot"',
  ],
  ["turns that are a string", { conversations: "hi" }, 'column "conversations": expected a list, found "hi"'],
  [
    "a text that is a number",
    { conversations: [turn("human"), { from: "gpt", value: 3 }] },
    'column "conversations.1.value": expected text, found 3',
  ],
  [
    "an image that no turn names",
    { image: "red.png", conversations: [turn("human"), turn("gpt")] },
    'column "conversations": its image needs <image> in a turn, but it occurs 0 times',
  ],
  [
    "an image named in two turns",
    {
      image: "red.png",
      conversations: [turn("human", "<image>"), turn("gpt"), turn("human", "<image>"), turn("gpt")],
    },
    'column "conversations": its image needs <image> in a turn, but it occurs 2 times',
  ],
  [
    "an image named in an answer",
    { image: "red.png", conversations: [turn("human"), turn("gpt", "<image>")] },
    'column "conversations": only user turns may contain <image>, but a turn by the assistant does',
  ],
  [
    "an image outside its folder",
    { image: "../red.png", conversations: [turn("human", "<image>"), turn("gpt")] },
    'rows.json row 1, column "image": image "../red.png" is outside its folder',
  ],
])("refuses %s", async (_, row, message) => {
  const rows = [
    { id: "good", conversations: [turn("human"), turn("gpt")] },
    { id: "bad", ...row },
  ];
  const folder = await folderWith({ "rows.json": JSON.stringify(rows) });
  const opening = mlan({ file: new URL("rows.json", folder) }).open();
  await expect(opening).rejects.toMatchObject({ code: "invalid-data", message: expect.stringContaining(message) });
});

test("refuses options and mixtures that do not exist", () => {
  expect(() => mlan({ mixtur: "mlan" } as object)).toThrow('data-mlan: there is no option "mixtur"');
  expect(() => mlan({ mixture: "mlan-v-10l" } as object)).toThrow('data-mlan: option "mixture"');
});
