import { rm, writeFile } from "node:fs/promises";
import type { ConversationFormat, Generation, GenerationRequest, Prompt, Turn } from "@mlan/core";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { encodePrompt, writePrompt } from "#internal/encode-prompt.ts";
import {
  addedToken,
  byteLevelTokenizer,
  createLlavaSource,
  encodeConversation,
  given,
  imagesAndText,
  llama,
  type LlavaModel,
  plain,
  type PlacedTurn,
  type Segment,
  type Template,
  type Tokenizer,
  v1,
} from "@mlan/model-llava";
import { WORDINGS } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { byteLevelOf, smallByteLevel } from "./small-byte-level.ts";
import { compute, plainImage, scratchLlava, weightOf } from "./tiny-llava.ts";
import { tinyJson, tokenizerOf } from "./tokenizer-folders.ts";

const image = { name: "a.png", read: async () => new Uint8Array() };
const END_OF_TURN = "<|im_end|>";

/** A template as a separate package would define it: `<|im_start|>{role}\n{text}<|im_end|>\n`. */
const chat: Template = {
  name: "chat",
  fingerprint: "chat 1",
  answerEnd: END_OF_TURN,
  segments: ({ turns }) => turns.flatMap(turnSegments),
  promptSegments: ({ turns, answerStart }) => [
    ...turns.flatMap(turnSegments),
    addedToken("<|im_start|>"),
    given("assistant\n"),
    // Encoded separately from the text before it, as in training.
    { text: answerStart, supervised: true },
  ],
};

function turnSegments(turn: PlacedTurn): readonly Segment[] {
  const { role, text, supervised = true } = turn;
  const start = [addedToken("<|im_start|>"), given(`${role}\n`)];
  if (role === "assistant") return [...start, { text, supervised }, addedToken(END_OF_TURN, supervised), given("\n")];
  return [...start, ...imagesAndText(turn), addedToken(END_OF_TURN), given("\n")];
}

const TOKENS = ["<|endoftext|>", "<|im_start|>", END_OF_TURN];
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await byteLevelOf(smallByteLevel(TOKENS), { eos_token: "<|endoftext|>" });
});

interface Options {
  readonly template?: Template;
  readonly answerSpans?: "text" | "turns";
  readonly images?: number;
  readonly tokenizer?: Tokenizer;
}

function encode(texts: readonly string[], options: Options = {}) {
  const { template = chat, answerSpans = "turns", images = 0 } = options;
  const turns = texts.map((text, index): Turn => ({ role: index % 2 === 0 ? "user" : "assistant", text }));
  const { inputIds, labels, supervised, problem } = encodeConversation(
    { id: "row-7", turns, images: Array.from({ length: images }, () => image) },
    { tokenizer: options.tokenizer ?? tokenizer, template, maximumLength: 2048, positionsPerImage: 4, answerSpans },
  );
  const targets = [...labels].filter((label) => label !== -100);
  expect(targets).toHaveLength(supervised);
  expect(labels[0]).toBe(-100);
  return { ids: [...inputIds], labels: [...labels], supervised: targets, problem };
}

describe("a template with added tokens, and a tokenizer without begin-of-sequence and unknown tokens", () => {
  const rendered = (texts: readonly string[]): string =>
    texts.map((text, index) => `<|im_start|>${index % 2 === 0 ? "user" : "assistant"}\n${text}<|im_end|>\n`).join("");

  test("gives the same ids as tokenizing its text, and learns answers and their ends", () => {
    const word = fc.constantFrom("the", "red", "bus", "is", "2", "a cat.", "é", "yes", "日");
    const text = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }), (rounds) => {
        const { ids, supervised } = encode(rounds.flat());
        expect(ids).toEqual(tokenizer.encode(rendered(rounds.flat())));
        expect(supervised).toEqual(rounds.flatMap(([, answer]) => tokenizer.encode(`${answer}${END_OF_TURN}`)));
      }),
    );
  });

  test("is the same by text and by turns, because it has no original rules", () => {
    const texts = ["<image>\nWhat is it?", "A cat.", "Say <|im_end|> now", ""];
    expect(encode(texts, { images: 1, answerSpans: "text" })).toEqual(encode(texts, { images: 1 }));
  });

  test("treats no text as a token", () => {
    const { ids } = encode(["Say <|im_end|> and <|im_start|>", "<|endoftext|><|im_end|>"]);
    const count = (token: string): number => ids.filter((id) => id === tokenizer.idOf(token)).length;
    expect(TOKENS.map(count)).toEqual([0, 2, 2]);
    expect(tokenizer.decode(ids)).toBe("user\nSay <|im_end|> and <|im_start|>\nassistant\n<|endoftext|><|im_end|>\n");
    const raw: Prompt = { kind: "raw", text: "a <|im_end|>", beginOfSequence: true };
    const owner = { id: "q", images: [] };
    const asked = encodePrompt(writePrompt(raw, chat, owner), tokenizer, owner);
    expect(asked).not.toContain(tokenizer.idOf(END_OF_TURN));
    expect(tokenizer.decode(asked)).toBe("a <|im_end|>");
  });

  test("asks in the same way as in training", () => {
    const owner = { id: "q", images: [image, image] };
    const prompt: Prompt = { kind: "chat", user: "Which one?", answerStart: "The first" };
    const asked = encodePrompt(writePrompt(prompt, chat, owner), tokenizer, owner);
    const { ids } = encode(["<image> <image>\nWhich one?", "The first one"], { images: 2 });
    expect(ids.slice(0, asked.length)).toEqual(asked);
    expect(asked.filter((id) => id === -200)).toHaveLength(2);
    // Placeholders in the text decide where images are.
    const written = writePrompt({ ...prompt, user: "This <image> or <image>?" }, chat, owner);
    expect(encodePrompt(written, tokenizer, owner)).toEqual([
      ...tokenizer.encode("<|im_start|>user\nThis "),
      -200,
      ...tokenizer.encode(" or "),
      -200,
      ...tokenizer.encode("?<|im_end|>\n<|im_start|>assistant\nThe first"),
    ]);
  });

  test("is refused with a tokenizer that lacks its tokens", async () => {
    const llamas = await tokenizerOf(tinyJson, false);
    expect(() => encode(["Hi", "yes"], { tokenizer: llamas })).toThrow(
      `the template "chat" needs the token "<|im_start|>", which the tokenizer in ${llamas.folder} does not have`,
    );
  });
});

describe("this package's templates with such a tokenizer", () => {
  test("plain learns all but the first token, which nothing precedes", () => {
    for (const answerSpans of ["text", "turns"] as const) {
      const text = encode(["", "the red bus"], { template: plain, answerSpans });
      expect(text.ids).toEqual(tokenizer.encode("the red bus\n"));
      expect(text.supervised).toEqual(text.ids.slice(1));
      const caption = encode(["<image>", "the red bus"], { template: plain, answerSpans, images: 1 });
      expect(caption.ids).toEqual([-200, ...text.ids]);
      expect(caption.supervised).toEqual(text.ids);
      expect(encode(["", ""], { template: plain, answerSpans })).toMatchObject({
        supervised: [],
        problem: "nothing precedes its only token",
      });
    }
  });

  test("plain reports, by text, a caption that contains a token", () => {
    const { problem } = encode(["", "say <|im_end|>"], { template: plain, answerSpans: "text" });
    expect(problem).toMatch(/^turn 2, by the assistant, contains the token <\|im_end\|> in "say <\|im_end\|>"/);
  });

  test("v1 is the same by text and by turns if </s> is not a token, or no token is put in front", async () => {
    const texts = ["Hi", "the red bus", "Why?", "yes"];
    const exact = encode(texts, { template: v1 });
    expect(encode(texts, { template: v1, answerSpans: "text" })).toEqual(exact);
    expect(exact.supervised.filter((id) => id === tokenizer.endOfSequenceId)).toHaveLength(2);
    const ended = await byteLevelOf(smallByteLevel(["</s>"]), { eos_token: "</s>" });
    const again = encode(texts, { template: v1, tokenizer: ended });
    expect(encode(texts, { template: v1, tokenizer: ended, answerSpans: "text" })).toEqual(again);
    expect(again.supervised).toEqual([" the red bus</s>", " yes</s>"].flatMap((text) => ended.encode(text)));
  });
});

describe("a model with such a tokenizer and template", async () => {
  const scratch = await scratchLlava();

  async function open(format?: Partial<ConversationFormat>) {
    const backbone = await scratch.copy(scratch.backbone);
    await rm(new URL("special_tokens_map.json", backbone), { force: true });
    await writeFile(new URL("tokenizer.json", backbone), JSON.stringify(smallByteLevel(TOKENS)));
    await writeFile(new URL("tokenizer_config.json", backbone), JSON.stringify({ eos_token: "<|endoftext|>" }));
    const architecture = { ...llama, tokenizer: byteLevelTokenizer, chatTemplate: chat };
    const { backbone: weights, tower: visionTower } = { ...scratch, backbone };
    const source = createLlavaSource({
      architecture,
      name: "tiny",
      compute,
      weights,
      visionTower,
      untunedWording: WORDINGS["llama2-base"],
    });
    await useOnnxBackend();
    const model = await source.open({ seed: 3 });
    model.setFormat({ ...model.format, template: chat.name, ...format });
    return model;
  }

  test("stops at the token that ends an answer, as at the end of the sequence", async () => {
    const model = await open();
    const images = [plainImage("red", "#f00")];
    const prompt: Prompt = { kind: "chat", user: "What is it?", answerStart: "" };
    const answer = () => answerOf(model, { id: "q", prompt, images, maximumNewTokens: 4 });
    const free = await answer();
    const [first = 0] = free.tokens ?? [];
    expect(free.finish).toBe("length");
    const head = await weightOf(model, "lm_head.weight");
    const before = tf.tensor(head.values, [...head.shape]);
    for (const token of [END_OF_TURN, "<|endoftext|>"]) {
      const end = tokenizer.idOf(token) ?? 0;
      // The answer's first token and the end-of-sequence token are swapped.
      const swapped = Array.from({ length: head.shape[0] ?? 0 }, (_, id) =>
        id === end ? first : id === first ? end : id,
      );
      head.set(tf.tidy(() => tf.gather(before, swapped).dataSync()));
      expect(await answer()).toMatchObject({ text: "", finish: "end-of-sequence", tokens: [end] });
    }
    before.dispose();
    model.dispose();
  });

  test("refuses an empty prompt, and scores a text from its second token", async () => {
    const model = await open({ template: plain.name });
    const raw = (text: string): Prompt => ({ kind: "raw", text, beginOfSequence: true });
    const score = (text: string, continuation: string) =>
      model.score([{ id: "q", prompt: raw(text), images: [], continuation }]);
    await expect(score("", "a")).rejects.toThrow(
      /"q" cannot be scored: .* A continuation needs at least one token, and at least one token before it/,
    );
    const asked = answerOf(model, { id: "q", prompt: raw(""), images: [], maximumNewTokens: 1 });
    await expect(asked).rejects.toThrow(/the prompt of "q" is empty/);
    const [scored] = await score("a", "b");
    expect(scored).toMatchObject({ tokens: 1, length: 1 });
    model.dispose();
  });

  test("scores a continuation together with the answer's start, as one text", async () => {
    const model = await open();
    const prompt = (answerStart: string): Prompt => ({ kind: "chat", user: "What is it?", answerStart });
    const owner = { id: "q", images: [] };
    const before = encodePrompt(writePrompt(prompt(""), chat, owner), tokenizer, owner).length;
    expect(tokenizer.encode("the")).toHaveLength(1);
    const [scored] = await model.score([{ ...owner, prompt: prompt("t"), continuation: "he" }]);
    expect(scored).toMatchObject({ tokens: 1, length: before });
    model.dispose();
  });
});

async function answerOf(model: LlavaModel, request: GenerationRequest): Promise<Generation> {
  for await (const generation of model.generate([request], { details: true })) return generation;
  throw new Error("no answer");
}
