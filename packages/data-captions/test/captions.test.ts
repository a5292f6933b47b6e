import { captions } from "@mlan/data-captions";
import { describeConversationsContract, folderWith } from "@mlan/testing";
import { expect, test } from "vitest";

const dataset = captions({ folder: new URL("fixtures/", import.meta.url) });

describeConversationsContract(dataset);

test("claims no licence for a file other than the published one", () => {
  expect(captions().card.license).toContain("CC3M");
  expect(captions({ file: "/data/mine.json" }).card).toEqual({
    source: "/data/mine.json",
    license: "unknown",
    modality: "image",
  });
});

test("pairs each image with its caption", async () => {
  const examples = await dataset.open();
  expect(examples.length).toBe(2);
  expect(await examples.at(0)).toMatchObject({
    id: "1",
    images: [{ name: "red.png" }],
    turns: [
      { role: "user", text: "Describe the picture.\n<image>" },
      { role: "assistant", text: "a red square" },
    ],
  });
});

const turn = (from: string, value = "x") => ({ from, value });
const good = { id: "good", image: "red.png", conversations: [turn("human", "<image>"), turn("gpt")] };

test.each([
  [
    "a row without an image",
    { image: undefined },
    'column "image": expected an image for <image> in turn 1, found nothing',
  ],
  [
    "a row of text",
    { image: null, conversations: [turn("human"), turn("gpt")] },
    'column "image": expected an image, found null',
  ],
  [
    "two images",
    { image: ["red.png", "red.png"], conversations: [turn("human", "<image><image>"), turn("gpt")] },
    'column "image": expected one image, found a list of 2',
  ],
  [
    "a third turn",
    { conversations: [...good.conversations, turn("human"), turn("gpt")] },
    'column "conversations": expected exactly 2 turns',
  ],
  [
    "a question without the image",
    { conversations: [turn("human"), turn("gpt")] },
    "its image needs <image> in a turn, but it occurs 0 times",
  ],
  [
    "a caption that names the image",
    { conversations: [turn("human", "<image>"), turn("gpt", "<image>")] },
    "only user turns may contain <image>",
  ],
  [
    "an image outside its folder",
    { image: "/red.png" },
    'captions.jsonl row 1 (line 2), column "image": image "/red.png" is outside its folder',
  ],
])("refuses %s", async (_, change, message) => {
  const rows = [good, { ...good, ...change }].map((row) => JSON.stringify(row)).join("\n");
  const opening = captions({ folder: await folderWith({ "captions.jsonl": rows }) }).open();
  await expect(opening).rejects.toMatchObject({ code: "invalid-data", message: expect.stringContaining(message) });
});

test("refuses unknown options", () => {
  expect(() => captions({ image: new URL("file:///") } as object)).toThrow('data-captions: there is no option "image"');
});
