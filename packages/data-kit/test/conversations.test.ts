import type { Conversation } from "@mlan/core";
import { conversationsFrom, localFolder } from "@mlan/data-kit";
import { describeConversationsContract, folderWith } from "@mlan/testing";
import { expect, test } from "vitest";

const QUESTION = { from: "human", value: "<image>\nWhat is it?" };
const ANSWER = { from: "gpt", value: "A cup." };
const PLAIN = [
  { from: "human", value: "Name a fruit." },
  { from: "gpt", value: "Plum." },
];
const PLAIN_TURNS = [
  { role: "user", text: "Name a fruit." },
  { role: "assistant", text: "Plum." },
];
const IMAGE_TURNS = [
  { role: "user", text: "<image>\nWhat is it?" },
  { role: "assistant", text: "A cup." },
];

describeConversationsContract(datasetOf(new URL("fixtures/conversations/", import.meta.url)));

// prettier-ignore
test.each<[string, object, readonly object[], readonly string[]]>([
  ["null for an id",             { id: null, image: "cup.png", conversations: [QUESTION, ANSWER] }, IMAGE_TURNS, ["cup.png"]],
  ["null for an image",          { id: "b", image: null, conversations: PLAIN },                    PLAIN_TURNS, []],
  ["no name for an image",       { id: "b", image: "", conversations: PLAIN },                      PLAIN_TURNS, []],
  ["an empty list of images",    { id: "b", images: [], conversations: PLAIN },                     PLAIN_TURNS, []],
  ["a list of one image",        { image: ["cup.png"], conversations: [QUESTION, ANSWER] },         IMAGE_TURNS, ["cup.png"]],
  ["the column images",          { images: ["cup.png"], conversations: [QUESTION, ANSWER] },        IMAGE_TURNS, ["cup.png"]],
  ["a name with ./",             { image: "./cup.png", conversations: [QUESTION, ANSWER] },         IMAGE_TURNS, ["./cup.png"]],
  ["roles user and assistant",   { conversations: [{ from: "user", value: "Hi" }, { from: "assistant", value: "Yo" }] },
    [{ role: "user", text: "Hi" }, { role: "assistant", text: "Yo" }], []],
  ["OpenAI's messages",          { messages: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Yo" }] },
    [{ role: "user", text: "Hi" }, { role: "assistant", text: "Yo" }], []],
  ["a system turn",              { conversations: [{ from: "system", value: "In French." }, ...PLAIN] },
    [{ role: "system", text: "In French." }, ...PLAIN_TURNS], []],
  ["OpenAI's developer", { messages: [{ role: "developer", content: "In French." }, { role: "user", content: "Hi" }, { role: "assistant", content: "Yo" }] },
    [{ role: "system", text: "In French." }, { role: "user", text: "Hi" }, { role: "assistant", text: "Yo" }], []],
  ["<image> within a line of text", { conversations: [{ from: "human", value: "What is an <image> tag?" }, ANSWER] },
    [{ role: "user", text: "What is an <image> tag?" }, { role: "assistant", text: "A cup." }], []],
  ["two images in one turn",     { image: ["cup.png", "cup.png"], conversations: [{ from: "human", value: "<image> or <image>?" }, ANSWER] },
    [{ role: "user", text: "<image> or <image>?" }, { role: "assistant", text: "A cup." }], ["cup.png", "cup.png"]],
  ["two images in two turns",    { image: ["cup.png", "a.png"], conversations: [QUESTION, ANSWER, QUESTION, ANSWER] },
    [...IMAGE_TURNS, ...IMAGE_TURNS], ["cup.png", "a.png"]],
  ["a placeholder that is there twice", { image: "cup.png", conversations: [{ from: "human", value: "<image>What <image>is it?" }, ANSWER] },
    [{ role: "user", text: "<image>What <image>is it?" }, { role: "assistant", text: "A cup." }], ["cup.png"]],
  ["OpenAI's parts", { messages: [
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      { role: "user", content: [{ type: "text", text: "What is it?" }, { type: "image_url", image_url: { url: "cup.png" } }] },
      { role: "assistant", content: [{ type: "text", text: "A cup." }] },
    ] },
    [{ role: "system", text: "Be brief." }, { role: "user", text: "What is it?\n<image>" }, { role: "assistant", text: "A cup." }], ["cup.png"]],
  ["parts that stand for the images of a column", { images: ["cup.png"], messages: [
      { role: "user", content: [{ type: "image" }, { type: "text", text: "What is it?" }] },
      { role: "assistant", content: "A cup." },
    ] },
    IMAGE_TURNS, ["cup.png"]],
  ["OpenAI's weight 0",          { messages: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Yo", weight: 0 }, { role: "user", content: "So?" }, { role: "assistant", content: "No", weight: 1 }] },
    [{ role: "user", text: "Hi" }, { role: "assistant", text: "Yo", supervised: false }, { role: "user", text: "So?" }, { role: "assistant", text: "No" }], []],
  ["axolotl's train and ms-swift's loss", { messages: [{ role: "user", content: "Hi", train: false }, { role: "assistant", content: "Yo", train: false }, { role: "user", content: "So?", weight: 0 }, { role: "assistant", content: "No", loss: false, training: null }] },
    [{ role: "user", text: "Hi" }, { role: "assistant", text: "Yo", supervised: false }, { role: "user", text: "So?" }, { role: "assistant", text: "No", supervised: false }], []],
  ["a column system",            { system: "In French.", conversations: PLAIN },
    [{ role: "system", text: "In French." }, ...PLAIN_TURNS], []],
  ["a column system_prompt beside a greeting", { system_prompt: "In French.", conversations: [{ from: "gpt", value: "Hello." }, ...PLAIN] },
    [{ role: "system", text: "In French." }, ...PLAIN_TURNS], []],
  ["the same system text twice", { system: "In French.", conversations: [{ from: "system", value: "In French." }, ...PLAIN] },
    [{ role: "system", text: "In French." }, ...PLAIN_TURNS], []],
  ["fields of other tools that hold nothing", { system: "", tools: "[]", videos: [], chosen: null, conversations: [{ ...PLAIN[0], name: "", weight: null }, { ...PLAIN[1], tool_calls: null, function_call: { name: null, arguments: "" } }] },
    PLAIN_TURNS, []],
])("reads %s", async (_, row, turns, images) => {
  const [conversation] = await conversationsOf([row]);
  expect(conversation?.turns).toEqual(turns);
  expect(conversation?.images.map(({ name }) => name)).toEqual(images);
});

const file = "rows.json row 0";
// prettier-ignore
test.each<[string, object, string]>([
  ["a placeholder without an image",  { conversations: [QUESTION, ANSWER] },              `${file}, column "image": expected an image for <image> in turn 1, found nothing`],
  ["one at the end of a line",        { conversations: [{ from: "human", value: "What?\nThis: <image> \n" }, ANSWER] }, "expected an image for <image> in turn 1"],
  ["a placeholder in an answer",      { image: "cup.png", conversations: [{ from: "human", value: "draw" }, { from: "gpt", value: "<image>" }] }, `${file}, column "conversations": only user turns may contain <image>`],
  ["an image without a placeholder",  { image: "cup.png", conversations: PLAIN },         `${file}, column "conversations": its image needs <image> in a turn, but it occurs 0 times`],
  ["two images for one placeholder",  { image: ["cup.png"], images: ["cup.png", "cup.png"], conversations: [QUESTION, ANSWER] }, "each of its 3 images needs <image> in a turn, but it occurs once"],
  ["null in a list of images",        { image: ["cup.png", null], conversations: [QUESTION, ANSWER] }, `${file}, column "image": expected`],
  ["a number for an image",           { image: 3, conversations: [QUESTION, ANSWER] },    `${file}, column "image": expected`],
  ["an absolute path",                { image: "/data/cup.png", conversations: [QUESTION, ANSWER] }, `${file}, column "image": image "/data/cup.png" is outside its folder`],
  ["an address",                      { image: "https://example.org/cup.png", conversations: [QUESTION, ANSWER] }, `${file}, column "image": image "https://example.org/cup.png" is a web address`],
  ["a lone surrogate in a name",      { image: "\ud83d.png", conversations: [QUESTION, ANSWER] }, String.raw`image "\ud83d.png" has a character that no file name can have`],
  ["null for a text",                 { conversations: [PLAIN[0], { from: "gpt", value: null }] }, `${file}, column "conversations.1.value": expected text, found null`],
  ["a number for a text",             { conversations: [PLAIN[0], { from: "gpt", value: 4 }] }, `${file}, column "conversations.1.value": expected text, found 4`],
  ["a speaker that is not known",     { conversations: [PLAIN[0], { from: "tool", value: "4" }] }, `${file}, column "conversations.1.from": expected "human", "user", "gpt", "assistant", "system" or "developer", found "tool"`],
  ["a role that is not known",        { messages: [{ role: "user", content: "a" }, { role: "tool", content: "4" }] }, `${file}, column "messages.1.role": expected`],
  ["a message without a content",     { messages: [{ role: "user", content: "a" }, { role: "assistant", content: null }] }, `${file}, column "messages.1.content": expected text, found null`],
  ["a part with audio",                  { messages: [{ role: "user", content: [{ type: "input_audio" }] }, { role: "assistant", content: "b" }] }, `${file}, column "messages.0.content": part 1 is of type "input_audio", which is not supported; remove it.`],
  ["a part without its text",         { messages: [{ role: "user", content: [{ type: "text", text: "a" }, { type: "text" }] }, { role: "assistant", content: "b" }] }, `${file}, column "messages.0.content": part 2 is of type "text" and has no text`],
  ["a part without an image's name",  { messages: [{ role: "user", content: [{ type: "image_url", image_url: 3 }] }, { role: "assistant", content: "b" }] }, `part 1 is of type "image_url" and names no image`],
  ["a part without a type",           { messages: [{ role: "user", content: ["a"] }, { role: "assistant", content: "b" }] }, "part 1 has no type; give it one of text, input_text, image_url"],
  ["Alpaca's columns",                { instruction: "a", input: "", output: "b" },       `found nothing. The row has "instruction", "input", "output". Correct`],
  ["a hundred columns",               Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`column${index}`, 1])), `"column7", .... Correct`],
  ["no turns at all",                 { text: "hello" },                                  `${file}, column "conversations": expected turns here or in "messages", found nothing`],
  ["turns twice",                     { conversations: PLAIN, messages: PLAIN },          `${file}, column "messages": expected turns here or in "conversations"`],
  ["a part of a weight",              { messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b", weight: 0.5 }] }, `${file}, column "messages.1.weight": expected 0, 1 or true or false, found 0.5`],
  ["a question that is to be supervised", { messages: [{ role: "user", content: "a", train: true }, { role: "assistant", content: "b" }] }, `${file}, column "messages.0.train": only answers are supervised; remove it, or write false`],
  ["contradicting flags",             { messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b", weight: 0, loss: true }] }, `${file}, column "messages.1.loss": "weight" says that the turn is not supervised; keep one of the two`],
  ["tool calls",                  { messages: [{ role: "user", content: "a" }, { role: "assistant", content: "", tool_calls: [{ id: "1" }] }] }, `${file}, column "messages.1.tool_calls": a tool call is not supported; write it into the text of a turn`],
  ["a function call",            { messages: [{ role: "user", content: "a" }, { role: "assistant", content: "", function_call: { name: "f" } }] }, `${file}, column "messages.1.function_call": a function call`],
  ["a speaker's name",                { messages: [{ role: "user", content: "a", name: "Ann" }, { role: "assistant", content: "b" }] }, `${file}, column "messages.0.name": a speaker's name is not supported`],
  ["reasoning",                       { messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b", reasoning_content: "hm" }] }, `${file}, column "messages.1.reasoning_content": reasoning is not supported`],
  ["parts of a turn to learn",        { conversations: [PLAIN[0], { ...PLAIN[1], train_detail: [{ begin_offset: 0 }] }] }, `${file}, column "conversations.1.train_detail": a turn is supervised as a whole or not`],
  ["tools",                           { tools: '[{"name": "f"}]', conversations: PLAIN }, `${file}, column "tools": tools are not supported; describe them in a system turn`],
  ["a video",                         { video: "a.mp4", conversations: PLAIN },           `${file}, column "video": video is not supported`],
  ["preferences",                     { rejected: { from: "gpt", value: "b" }, conversations: PLAIN }, `${file}, column "rejected": preference data is not supported`],
  ["two system texts",                { system: "In French.", conversations: [{ from: "system", value: "Be brief." }, ...PLAIN] }, `${file}, column "system": its text differs from that of the system turn; keep only one of them`],
  ["two columns of system texts",     { system: "a", system_prompt: "b", conversations: PLAIN }, `${file}, column "system_prompt": its text differs from that of the column "system"`],
  ["a number for a system text",      { system: 3, conversations: PLAIN },                `${file}, column "system": expected text, found 3`],
  ["a name of 10 MB",                 { image: `/${"x".repeat(10_000_000)}`, conversations: PLAIN }, "..."],
])("refuses %s, naming row and column", async (_, row, message) => {
  const error: unknown = await conversationsOf([row]).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "invalid-data", message: expect.stringContaining(message) });
  expect(String(error).length).toBeLessThan(1000);
});

test("reads messages of parts from a table, as JSON", async () => {
  const content = [
    { type: "text", text: "What is it?" },
    { type: "image_url", image_url: { url: "cup.png" } },
  ];
  const messages = [
    { role: "user", content },
    { role: "assistant", content: "A cup." },
  ];
  const table = `id,messages\n7,"${JSON.stringify(messages).replaceAll('"', '""')}"\n`;
  const folder = await folderWith({ "rows.csv": table, "images/cup.png": "pixels" });
  const row = await (await datasetOf(new URL("rows.csv", folder)).open()).at(0);
  expect(row.turns[0]).toEqual({ role: "user", text: "What is it?\n<image>" });
  expect(row.images.map(({ name }) => name)).toEqual(["cup.png"]);
});

test("distinguishes rows with the same id", async () => {
  const rows = await conversationsOf([1, 2, 3].map(() => ({ id: "a", conversations: PLAIN })));
  expect(rows.map(({ id }) => id)).toEqual(["a", "a#2", "a#3"]);
});

test("keeps ids that no number can represent", async () => {
  const row = (id: string): string => `{"id":${id},"conversations":${JSON.stringify(PLAIN)}}`;
  const rows = await conversationsOf(`[${row("12345678901234567890")},${row("12345678901234567891")},${row("-7")}]`);
  expect(rows.map(({ id }) => id)).toEqual(["12345678901234567890", "12345678901234567891", "-7"]);
});

test("reads an image that a row contains as a data: URL", async () => {
  const url = `data:image/png;base64,${Buffer.from("pixels").toString("base64")}`;
  const content = [
    { type: "text", text: "What is it?" },
    { type: "image_url", image_url: { url } },
  ];
  const [row] = await conversationsOf([
    {
      messages: [
        { role: "user", content },
        { role: "assistant", content: "A cup." },
      ],
    },
  ]);
  expect(row?.images[0]).toMatchObject({ name: "rows.json#0", origin: 'kept: rows.json row 0, column "image"' });
  expect(Buffer.from((await row?.images[0]?.read()) ?? []).toString()).toBe("pixels");
  const both = {
    messages: [
      { role: "user", content: [...content, content[1]] },
      { role: "assistant", content: "" },
    ],
  };
  const [twice] = await conversationsOf([both]);
  expect(twice?.images.map(({ name }) => name)).toEqual(["rows.json#0.0", "rows.json#0.1"]);
});

test("reads files of datasets with mixed images and text", async () => {
  const folder = new URL("fixtures/parquet/", import.meta.url);
  for (const name of ["datasets-mixed.jsonl", "datasets-mixed.parquet", "mixed-null-image.parquet"]) {
    const examples = await datasetOf(new URL(name, folder)).open();
    const rows = await Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
    expect(
      rows.map(({ images }) => images.length),
      name,
    ).toEqual([1, 0]);
    expect(rows[1]?.turns, name).toEqual(PLAIN_TURNS);
  }
});

async function conversationsOf(rows: readonly object[] | string): Promise<readonly Conversation[]> {
  const text = typeof rows === "string" ? rows : JSON.stringify(rows);
  const folder = await folderWith({ "rows.json": text, "images/cup.png": "pixels" });
  const examples = await datasetOf(folder).open();
  return Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
}

function datasetOf(place: URL) {
  return conversationsFrom({ name: "kept", source: localFolder("kept", place), files: ["rows.json"] });
}
