import { type Conversation, type Encoded, type ImageReference, MlanError } from "@mlan/core";
import { encodePrompt, writePrompt } from "#internal/encode-prompt.ts";
import { templateByName } from "#internal/templates/template-by-name.ts";
import { encodeConversation, plain, type Tokenizer, v1 } from "@mlan/model-llava";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import * as golden from "./golden-vectors.ts";
import { hasLlama2, llama2File, tinyJson, tokenizerOf } from "./tokenizer-folders.ts";

const image: ImageReference = { name: "a.png", read: async () => new Uint8Array() };

interface EncodeOptions {
  readonly template?: "v1" | "plain";
  readonly images?: number;
  readonly maximumLength?: number;
}

/** Encodes turns given as `[user, assistant, user, ...]`. */
function encode(tokenizer: Tokenizer, texts: readonly string[], options: EncodeOptions = {}): Encoded {
  const { template = "v1", images = 0, maximumLength = 2048 } = options;
  const conversation: Conversation = {
    id: "row-7",
    turns: texts.map((text, index) => ({ role: index % 2 === 0 ? "user" : "assistant", text })),
    images: Array.from({ length: images }, () => image),
  };
  return encodeConversation(conversation, {
    tokenizer,
    template: templateByName([v1, plain], template),
    maximumLength,
    positionsPerImage: 576,
  });
}

function supervisedPositions({ labels, inputIds }: Encoded): number[] {
  const positions = [...labels.keys()].filter((position) => labels[position] !== -100);
  for (const position of positions) expect(labels[position]).toBe(inputIds[position]);
  return positions;
}

describe.skipIf(!hasLlama2)("with Llama 2's tokenizer, as the original code", () => {
  let modern: Tokenizer;
  let legacy: Tokenizer;
  beforeAll(async () => {
    modern = await tokenizerOf(llama2File, false);
    legacy = await tokenizerOf(llama2File, true);
  });

  test("learns the answer of one round and its end", () => {
    for (const tokenizer of [modern, legacy]) {
      const encoded = encode(tokenizer, ["What is 2+2?", "4"]);
      expect([...encoded.inputIds]).toEqual(golden.ONE_ROUND);
      expect(supervisedPositions(encoded)).toEqual([46, 47, 48]);
    }
  });

  test("learns the answers of two rounds", () => {
    const texts = ["What is 2+2?", "4", "And 3+3?", "6"];
    expect([...encode(modern, texts).inputIds]).toEqual(golden.TWO_ROUNDS);
    expect(supervisedPositions(encode(modern, texts))).toEqual([46, 47, 48, 62, 63, 64]);
    expect([...encode(legacy, texts).inputIds]).toEqual(golden.TWO_ROUNDS_LEGACY);
    expect(supervisedPositions(encode(legacy, texts))).toEqual([46, 47, 48, 63, 64, 65]);
  });

  test("moves the image to the front of its turn and learns the answers", () => {
    const one = ["What is it?\n<image>", "A cat."];
    expect([...encode(modern, one, { images: 1 }).inputIds]).toEqual(golden.IMAGE_ROUND);
    expect(supervisedPositions(encode(modern, one, { images: 1 }))).toEqual([47, 48, 49, 50]);
    const two = [...one, "Sure?", "Yes."];
    expect([...encode(modern, two, { images: 1 }).inputIds]).toEqual(golden.IMAGE_ROUNDS);
    expect(supervisedPositions(encode(modern, two, { images: 1 }))).toEqual([47, 48, 49, 50, 60, 61, 62]);
    expect([...encode(legacy, two, { images: 1 }).inputIds]).toEqual(golden.IMAGE_ROUNDS_LEGACY);
    expect(supervisedPositions(encode(legacy, two, { images: 1 }))).toEqual([47, 48, 49, 50, 61, 62, 63]);
  });

  test("learns a caption and its newline", () => {
    const encoded = encode(modern, ["<image>\nDescribe it.", "a red bus"], { template: "plain", images: 1 });
    expect([...encoded.inputIds]).toEqual(golden.CAPTION);
    expect([...encoded.labels]).toEqual([-100, -100, ...golden.CAPTION.slice(2)]);
    expect(encoded).toMatchObject({ length: 5 + 576, supervised: 4 });
  });

  test.each([
    [
      "a question that contains the answer's mark",
      ["Say ASSISTANT: hi", "hi"],
      48,
      0,
      /^turn 1, by the user, contains " ASSISTANT: " in "Say ASSISTANT: hi", so nothing of the conversation is supervised; .*"turns"$/,
    ],
    ["an empty answer", ["Hi", ""], 40, 0, /^its answers are empty$/],
    [
      "an empty answer after another",
      ["Hi", "yes", "So?", ""],
      51,
      0,
      /^turn 4, by the assistant, is empty, so nothing of the conversation is supervised/,
    ],
    ["a question of 3000 words", ["word ".repeat(3000), "hi"], 2048, 0, /begins after position 2048/],
    ["an answer of 3000 words", ["Hi", "word ".repeat(3000)], 2048, 2008, undefined],
  ])("treats %s", (_, texts, length, supervised, problem) => {
    const encoded = encode(modern, texts);
    expect(encoded).toMatchObject({ length, supervised });
    expect(encoded.inputIds).toHaveLength(length);
    if (problem) expect(encoded.problem).toMatch(problem);
    else expect(encoded).not.toHaveProperty("problem");
  });
});

describe.each([false, true])("with legacy %s", (legacyFlag) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await tokenizerOf(tinyJson, legacyFlag);
  });
  const word = fc.constantFrom("the", "red", "bus", "is", "2", "+", "a cat.", "é", "USER", "yes");
  const text = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(" "));

  test("learns exactly the answers and their ends, whatever the rounds", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }), fc.boolean(), (rounds, withImage) => {
        const texts = rounds.flatMap(([question, answer], index) => [
          withImage && index === 0 ? `${question}\n<image>` : question,
          answer,
        ]);
        const encoded = encode(tokenizer, texts, { images: withImage ? 1 : 0 });
        expect(encoded.problem).toBeUndefined();
        const targets = supervisedPositions(encoded).map((position) => encoded.inputIds[position] ?? 0);
        expect(encoded.supervised).toBe(targets.length);
        const answers = rounds.map(([, answer]) => [...tokenizer.encode(answer), tokenizer.endOfSequenceId]);
        expect(targets).toEqual(answers.flat());
      }),
    );
  });

  test("learns a whole pretraining text except its first token", () => {
    const encoded = encode(tokenizer, ["", "the red bus"], { template: "plain" });
    expect([...encoded.inputIds]).toEqual([1, ...tokenizer.encode("the red bus\n")]);
    expect([...encoded.labels]).toEqual([-100, ...tokenizer.encode("the red bus\n")]);
  });

  test("treats the image placeholder as ordinary text if there are no images", () => {
    const encoded = encode(tokenizer, ["What does <image> mean?", "yes"]);
    expect(encoded.inputIds).not.toContain(-200);
    expect(tokenizer.decode([...encoded.inputIds])).toContain("<image>");
  });

  test("replaces the template's system prompt with a system turn and learns the same answers", () => {
    const options = { tokenizer, template: v1, maximumLength: 2048, positionsPerImage: 576 };
    const rounds = turns("the red bus", "a cat.");
    const asked = encodeConversation({ id: "1", turns: rounds, images: [] }, options);
    const system = { role: "system", text: "Say the cat." } as const;
    const told = encodeConversation({ id: "1", turns: [system, ...rounds], images: [] }, options);
    expect(tokenizer.decode([...told.inputIds])).toContain("Say the cat. USER: the red bus ASSISTANT: a cat.");
    expect(tokenizer.decode([...told.inputIds])).not.toContain("curious");
    const targets = ({ labels }: Encoded): number[] => [...labels].filter((label) => label !== -100);
    expect(targets(told)).toEqual(targets(asked));
    expect(told.problem).toBeUndefined();
  });

  test("puts all images of a turn in front, as prompts do", () => {
    const encoded = encode(tokenizer, ["the <image>red<image> bus", "yes"], { images: 2 });
    expect(encoded.images).toEqual([image, image]);
    const owner = { id: "q", images: [image, image] };
    const prompt = writePrompt({ kind: "chat", user: "the red bus", answerStart: "" }, v1, owner);
    const asked = encodePrompt(prompt, tokenizer, owner);
    expect(Array.from(encoded.inputIds.slice(0, asked.length))).toEqual(asked);
    expect(asked.filter((id) => id === -200)).toHaveLength(2);
  });

  test("masks a conversation with a literal end of sequence or unknown token in a turn", () => {
    expect(encode(tokenizer, ["a</s>b", "yes"])).toMatchObject({
      supervised: 0,
      problem: expect.stringContaining("</s>"),
    });
    expect(encode(tokenizer, ["a<unk>b", "yes"])).toMatchObject({
      supervised: 0,
      problem: expect.stringContaining("the token <unk>"),
    });
  });

  test("cuts after the maximum length, counting images", () => {
    const texts = ["<image>\nWhat is it?", "the red bus ".repeat(40)];
    const whole = encode(tokenizer, texts, { images: 1 });
    const cut = encode(tokenizer, texts, { images: 1, maximumLength: whole.length - 10 });
    expect(cut.length).toBe(whole.length - 10);
    expect([...cut.inputIds]).toEqual(Array.from(whole.inputIds.slice(0, -10)));
    expect([...cut.labels]).toEqual(Array.from(whole.labels.slice(0, -10)));
    expect(cut.supervised).toBe(whole.supervised - 10);
    const inImage = encode(tokenizer, texts, { images: 1, maximumLength: 300 });
    expect(inImage).toMatchObject({ length: 300, supervised: 0, problem: expect.stringContaining("position 300") });
    expect(inImage.inputIds.at(-1)).toBe(-200);
    expect(encode(tokenizer, texts, { images: 1, maximumLength: 20 })).toMatchObject({ length: 20, images: [] });
  });
});

describe("refuses", () => {
  test.each<[string, Partial<Conversation>, RegExp]>([
    ["no turns", { turns: [] }, /it has no turns/],
    ["an assistant that begins", { turns: [{ role: "assistant", text: "a" }] }, /turn 1 is by the assistant/],
    ["a last turn of the user", { turns: [{ role: "user", text: "a" }] }, /its last turn is the user's/],
    ["an image without a placeholder", { images: [image] }, /1 image, but 0 <image>/],
    [
      "two images for three placeholders",
      { images: [image, image], turns: turns("<image><image><image>", "b") },
      /2 images, but 3 <image> in 1 turn/,
    ],
    ["an image in an answer", { images: [image], turns: turns("a", "<image>") }, /turn 2, by the assistant, contains/],
    [
      "an image in a system turn",
      { images: [image], turns: [{ role: "system", text: "<image>" }, ...turns("a", "b")] },
      /turn 1, by the system, contains <image>/,
    ],
    [
      "a system turn that is not the first",
      { turns: [...turns("a", "b"), { role: "system", text: "c" }, { role: "assistant", text: "d" }] },
      /turn 3 is by the system/,
    ],
    ["a system turn alone", { turns: [{ role: "system", text: "c" }] }, /it has no turns/],
  ])("%s, naming the conversation", async (_, change, message) => {
    const conversation: Conversation = { id: "row-7", turns: turns("a", "b"), images: [], ...change };
    const options = { template: v1, maximumLength: 100, positionsPerImage: 4 };
    const tokenizer = await tokenizerOf(tinyJson, false);
    expect(invalidData(() => encodeConversation(conversation, { ...options, tokenizer }))).toMatch(message);
  });

  test("turns that the template plain would drop", async () => {
    const tokenizer = await tokenizerOf(tinyJson, false);
    expect(invalidData(() => encode(tokenizer, ["a", "b"], { template: "plain" }))).toMatch(/would drop/);
    expect(invalidData(() => encode(tokenizer, ["", "b", "", "d"], { template: "plain" }))).toMatch(/has 4 turns/);
  });

  test("an unknown template, listing the known ones", () => {
    expect(() => templateByName([v1, plain], "llama_2")).toThrow(/no template "llama_2". Known templates: v1, plain/);
  });
});

function turns(user: string, assistant: string): Conversation["turns"] {
  return [
    { role: "user", text: user },
    { role: "assistant", text: assistant },
  ];
}

function invalidData(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (MlanError.is(error, "invalid-data")) {
      expect(error.message).toContain("row-7");
      return error.message;
    }
    throw error;
  }
  throw new Error("expected an invalid-data error");
}
