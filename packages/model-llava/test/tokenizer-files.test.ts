import { readFile } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { loadTokenizer } from "@mlan/model-llava";
import { describe, expect, test } from "vitest";
import { scratchLlava } from "./tiny-llava.ts";
import { folderOf } from "./tokenizer-folders.ts";

const { backbone } = await scratchLlava();
const json: Record<string, unknown> & { added_tokens: unknown[] } = JSON.parse(
  await readFile(new URL("tokenizer.json", backbone), "utf8"),
);
const config: Record<string, unknown> = JSON.parse(await readFile(new URL("tokenizer_config.json", backbone), "utf8"));

/** Creates a folder of the tiny tokenizer with some files changed or added. */
async function folderWith(files: Readonly<Record<string, unknown>>): Promise<URL> {
  const all = { "tokenizer.json": json, "tokenizer_config.json": config, ...files };
  return folderOf(Object.fromEntries(Object.entries(all).map(([name, value]) => [name, JSON.stringify(value)])));
}

async function refusal(files: Readonly<Record<string, unknown>>): Promise<string> {
  const error: unknown = await loadTokenizer(await folderWith(files)).catch((thrown: unknown) => thrown);
  if (!MlanError.is(error, "invalid-checkpoint")) throw new Error(`expected an invalid-checkpoint error, got ${error}`);
  return error.message;
}

/** Expected ids are those of AutoTokenizer in transformers 5.18 for the same folders. */
describe("files beside the vocabulary have the same effect as in transformers", () => {
  test("a special token that only special_tokens_map.json names", async () => {
    const end = { id: 363, content: "<|end|>", special: true };
    const { eos_token: _, ...silent } = config;
    const tokenizer = await loadTokenizer(
      await folderWith({
        "tokenizer.json": { ...json, added_tokens: [...json.added_tokens, end] },
        "tokenizer_config.json": silent,
        "special_tokens_map.json": { eos_token: { content: "<|end|>" } },
      }),
    );
    expect(tokenizer.endOfSequenceId).toBe(363);
    expect(tokenizer.encode("the<|end|>the")).toEqual([356, 363, 343, 355]);
    expect(tokenizer.encode("a</s>b")).toEqual([357, 2, 325]);
  });

  test("a token of added_tokens.json", async () => {
    const tokenizer = await loadTokenizer(await folderWith({ "added_tokens.json": { "<pad>": 363 } }));
    expect(tokenizer.encode("yes <pad> no")).toEqual([362, 259, 363, 361]);
    expect(tokenizer.encode("the  <pad>")).toEqual([356, 259, 259, 363]);
    expect(tokenizer.vocabularySize).toBe(364);
  });

  test("neither of them if tokenizer_config.json lists its tokens", async () => {
    const tokenizer = await loadTokenizer(
      await folderWith({
        "tokenizer_config.json": { ...config, added_tokens_decoder: { 2: { content: "</s>", special: true } } },
        "special_tokens_map.json": { eos_token: "<s>" },
        "added_tokens.json": { "<pad>": 363 },
      }),
    );
    expect(tokenizer.endOfSequenceId).toBe(2);
    expect(tokenizer.vocabularySize).toBe(363);
  });

  test("no tokenizer_config.json", async () => {
    const tokenizer = await loadTokenizer(
      await folderOf({
        "tokenizer.json": JSON.stringify(json),
        "special_tokens_map.json": JSON.stringify({ bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" }),
      }),
    );
    expect(tokenizer.encode("a</s>b")).toEqual([357, 2, 259, 325]);
    expect(tokenizer.encode("<unk>x")).toEqual([0, 259, 347]);
  });
});

test("special tokens without an id in any file get the next free ids", async () => {
  const silent = { ...config, bos_token: "constructor", pad_token: "<pad>", unk_token: "" };
  const tokenizer = await loadTokenizer(await folderWith({ "tokenizer_config.json": silent }));
  expect(["constructor", "<pad>", "</s>", ""].map(tokenizer.idOf)).toEqual([363, 364, 2, undefined]);
  expect([tokenizer.tokenOf(364), tokenizer.tokenOf(2), tokenizer.tokenOf(365)]).toEqual(["<pad>", "</s>", undefined]);
});

describe("files that would give different ids are refused in one sentence", () => {
  const token = (extra: object): object => ({
    "tokenizer_config.json": { ...config, added_tokens_decoder: { 363: { content: "<pad>", ...extra } } },
  });
  test.each([
    ["a token without content", token({ content: "" }), /added_tokens_decoder\.363\.content" is ""/],
    ["a flag that is none", token({ lstrip: 1 }), /added_tokens_decoder\.363\.lstrip" is 1/],
    ["an id behind a gap", { "added_tokens.json": { "<pad>": 367 } }, /has the id 367; the first free one is 363/],
    [
      "an id of another token",
      { "added_tokens.json": { "<pad>": 5 } },
      /the id 5 of token "<pad>" belongs to another token/,
    ],
    ["one token with two ids", { "added_tokens.json": { yes: 363 } }, /token "yes" has the id 363 .* and 360/],
    [
      "an id beyond any vocabulary",
      { "added_tokens.json": { "<pad>": 1e12 } },
      /added_tokens\.json: key "<pad>" is 1000000000000/,
    ],
    [
      "merges at random",
      { "tokenizer.json": { ...json, model: { ...Object(json["model"]), dropout: 0.1 } } },
      /dropout/,
    ],
    [
      "merges of missing pieces",
      { "tokenizer.json": { ...json, model: { ...Object(json["model"]), merges: ["q q"] } } },
      /joins "q q", pieces that its vocabulary lacks/,
    ],
  ])("%s", async (_, files, message) => {
    expect(await refusal({ ...files })).toMatch(message);
  });
});
