import { type Conversation, MlanError, type Prompt, type Turn } from "@mlan/core";
import { encodePrompt, type PromptOwner, writePrompt } from "#internal/encode-prompt.ts";
import { llama2Template } from "#internal/templates/llama-2.ts";
import { encodeConversation, plain, type Template, type Tokenizer, v1 } from "@mlan/model-llava";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPENBOOKQA_PROMPT, POPE_PROMPT } from "./golden-vectors.ts";
import { hasLlama2, llama2File, tinyJson, tokenizerOf } from "./tokenizer-folders.ts";

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";
const image = { name: "a.png", read: async () => new Uint8Array() };

function encode(prompt: Prompt, tokenizer: Tokenizer, owner: PromptOwner): number[] {
  return encodePrompt(writePrompt(prompt, v1, owner), tokenizer, owner);
}

describe.skipIf(!hasLlama2)("with Llama 2's tokenizer, as the original harnesses", () => {
  test("encodes POPE's prompt, whose image precedes the system prompt", async () => {
    const question = 'Please answer with "yes" or "no":\nIs there a dog?\n';
    const text = `<image>\n${SYSTEM} USER: ${question} ASSISTANT: The best answer is "`;
    const owner = { id: "1", images: [image] };
    const tokenizer = await tokenizerOf(llama2File, false);
    const prompt = { kind: "raw", text, beginOfSequence: true } as const;
    expect(encode({ ...prompt, harness: "vision" }, tokenizer, owner)).toEqual(POPE_PROMPT);
    expect(encode(prompt, tokenizer, owner)).toEqual(POPE_PROMPT);
  });

  test("encodes OpenBookQA's prompt without a begin-of-sequence token", async () => {
    const choices = "Choose the best option from the choices provided:\nA: hot\nB: cold";
    const text = `User: Ice is ${choices}\nAssistant: The best answer is"`;
    const owner = { id: "1", images: [] };
    const tokenizer = await tokenizerOf(llama2File, false);
    const prompt = { kind: "raw", text, beginOfSequence: false } as const;
    expect(encode({ ...prompt, harness: "language" }, tokenizer, owner)).toEqual(OPENBOOKQA_PROMPT);
    expect(encode(prompt, tokenizer, owner)).toEqual(OPENBOOKQA_PROMPT);
  });
});

describe("a chat prompt", () => {
  const render = (template: Template, prompt: Prompt, images: number): string => {
    const owner = { id: "q", images: Array.from({ length: images }, () => image) };
    const { segments, beginOfSequence } = writePrompt(prompt, template, owner);
    expect(beginOfSequence).toBe(true);
    expect(segments.filter((segment) => "token" in segment && segment.token === "image")).toHaveLength(images);
    return segments.map((segment) => ("text" in segment ? segment.text : "<image>")).join("");
  };

  test("is written in the template, the image in the user's turn", () => {
    const prompt: Prompt = { kind: "chat", user: "Is it?", answerStart: 'The best answer is "' };
    expect(render(v1, prompt, 0)).toBe(`${SYSTEM} USER: Is it? ASSISTANT: The best answer is "`);
    expect(render(v1, prompt, 1)).toBe(`${SYSTEM} USER: <image>\nIs it? ASSISTANT: The best answer is "`);
    expect(render(v1, { ...prompt, answerStart: "" }, 0)).toBe(`${SYSTEM} USER: Is it? ASSISTANT:`);
    expect(render(v1, { ...prompt, user: "" }, 0)).toBe(`${SYSTEM} USER:ASSISTANT: The best answer is "`);
    expect(render(v1, { ...prompt, user: "" }, 2)).toBe(
      `${SYSTEM} USER: <image> <image>\n ASSISTANT: The best answer is "`,
    );
    // Halves of a placeholder are not placeholders.
    expect(render(v1, { ...prompt, user: "a <im", answerStart: "age> b" }, 1)).toBe(
      `${SYSTEM} USER: <image>\na <im ASSISTANT: age> b`,
    );
    expect(render(plain, prompt, 2)).toBe('<image><image>Is it?\nThe best answer is "');
    expect(render(v1, { ...prompt, user: "Is <image> it?" }, 1)).toContain("USER: Is <image> it? ASSISTANT:");
    expect(render(plain, { ...prompt, user: "" }, 1)).toBe('<image>The best answer is "');
  });

  test("is the beginning of the training text for the same turns", () => {
    const text = fc.string({ minLength: 1 }).map((value) => `x${value.replaceAll("<", "")}x`);
    fc.assert(
      fc.property(
        fc.constantFrom(v1, llama2Template, plain),
        text,
        text,
        text,
        fc.boolean(),
        (template, question, start, rest, seen) => {
          const user = template === plain ? "" : question;
          const conversation: Conversation = {
            id: "c",
            images: seen ? [image] : [],
            turns: [
              { role: "user", text: seen ? `<image>\n${user}` : user },
              { role: "assistant", text: start + rest },
            ],
          };
          const trained = template.original?.render(conversation) ?? "";
          const prompt = render(template, { kind: "chat", user, answerStart: start }, seen ? 1 : 0);
          expect(trained.slice(0, prompt.length)).toBe(prompt);
          const open = render(template, { kind: "chat", user, answerStart: "" }, seen ? 1 : 0);
          expect(trained.slice(0, open.length)).toBe(open);
        },
      ),
    );
  });
});

describe("a chat prompt with turns before it", () => {
  const turns: readonly Turn[] = [
    { role: "system", text: "Be brief." },
    { role: "user", text: "<image>\nWhat is it?" },
    { role: "assistant", text: "A picture of a bus." },
    { role: "user", text: "And its color?" },
    { role: "assistant", text: "Red." },
  ];
  const images = [image];
  const promptOf = (history: readonly Turn[], user: string, answerStart: string): Prompt => ({
    kind: "chat",
    history,
    user,
    answerStart,
  });
  const written = (prompt: Prompt, template: Template, shown: readonly unknown[]) =>
    writePrompt(prompt, template, { id: "q-3", images: shown });

  test.each([
    [v1, true, 1],
    [v1, false, 1],
    [llama2Template, true, 2],
    [llama2Template, false, 2],
  ])("is the beginning of the tokens of training in $name, legacy %s", async (template, legacy, ending) => {
    const tokenizer = await tokenizerOf(tinyJson, legacy);
    const owner = { id: "q", images };
    for (const history of [turns.slice(0, 3), turns.slice(1, 3)]) {
      const prompt = promptOf(history, "And its color?", "Red.");
      const conversation: Conversation = { id: "c", images, turns: [...history, ...turns.slice(3)] };
      for (const answerSpans of ["text", "turns"] as const) {
        const options = { tokenizer, template, maximumLength: 512, positionsPerImage: 4, answerSpans };
        // Training adds the answer's end.
        expect(encodePrompt(writePrompt(prompt, template, owner), tokenizer, owner)).toEqual(
          [...encodeConversation(conversation, options).inputIds].slice(0, -ending),
        );
      }
    }
  });

  test("shows images at their placeholders in any of the user's turns, or else in front of the first turn", () => {
    const text = (prompt: Prompt, shown: number): string =>
      written(
        prompt,
        v1,
        Array.from({ length: shown }, () => image),
      )
        .segments.map((segment) => ("text" in segment ? segment.text : "token" in segment ? `[${segment.token}]` : ""))
        .join("");
    const asked = promptOf(turns.slice(0, 3), "Is <image> alike, or <image>?", "");
    expect(text(asked, 2)).toBe(
      "Be brief. USER: [image]\nWhat is it? ASSISTANT: A picture of a bus.[end-of-sequence]" +
        "USER: Is [image] alike, or <image>? ASSISTANT:",
    );
    expect(text(promptOf(turns.slice(3), "And now?", ""), 2)).toBe(
      `${SYSTEM} USER: [image] [image]\nAnd its color? ASSISTANT: Red.[end-of-sequence]USER: And now? ASSISTANT:`,
    );
    expect(() => written(asked, v1, [image, image, image, image])).toThrow(
      'the prompt of "q-3" has 4 images, but 3 placeholders <image>.',
    );
  });

  test("is refused when its turns do not alternate", () => {
    expect(() => written(promptOf(turns.slice(0, 2), "Hm?", ""), v1, [])).toThrow(
      'model-llava: the prompt of "q-3" cannot be written: turn 3 is by the user; turns must alternate, ' +
        "beginning with the user's, after a system turn if there is one.",
    );
    expect(() => written(promptOf([...turns, ...turns.slice(0, 1)], "Hm?", ""), v1, [])).toThrow(
      /turn 6 is by the system/,
    );
  });

  test("is refused by plain, which has neither turns nor a system prompt", () => {
    expect(() => written(promptOf(turns.slice(0, 1), "Hm?", ""), plain, [])).toThrow(
      'the prompt of "q-3" has a system prompt, and the template "plain" has no place for one. Leave it out, or use a template of conversations, such as "v1".',
    );
    expect(() => written(promptOf(turns.slice(3), "Hm?", ""), plain, [])).toThrow(
      'has 3 turns, and the template "plain" has no roles: it takes one user turn and its answer. Split it, or use a template of conversations, such as "v1".',
    );
  });
});

test("llama_2 writes the system prompt into the first question, and none for an empty one", () => {
  const text = (history: readonly Turn[]): string =>
    writePrompt({ kind: "chat", history, user: "Is it?", answerStart: "" }, llama2Template, { id: "q", images: [] })
      .segments.map((segment) => ("text" in segment ? segment.text : "token" in segment ? "</s>" : segment.addedToken))
      .join("");
  expect(text([])).toMatch(/^\[INST\] <<SYS>>\nYou are a helpful, .* information\.\n<<\/SYS>>\n\nIs it\? \[\/INST\]$/s);
  expect(text([{ role: "system", text: "" }])).toBe("[INST] Is it? [/INST]");
  const said: readonly Turn[] = [
    { role: "system", text: "Be brief." },
    { role: "user", text: "Hi" },
    { role: "assistant", text: "Hello" },
  ];
  expect(text(said)).toBe("[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Is it? [/INST]");
});

test("encodes placeholders as text if there are no images", async () => {
  const tokenizer = await tokenizerOf(tinyJson, false);
  const prompt: Prompt = { kind: "raw", text: "the <image>", beginOfSequence: true };
  const owner = { id: "q", images: [] };
  expect(encode(prompt, tokenizer, owner)).not.toContain(-200);
});

describe("special tokens and placeholders in the text of a prompt", () => {
  const written = "What do <image>, <s>, </s> and <unk> mean?";
  const raw = { kind: "raw", text: written, beginOfSequence: true } as const;

  test("are text", async () => {
    const tokenizer = await tokenizerOf(tinyJson, false);
    const special = new Set([tokenizer.beginOfSequenceId, tokenizer.endOfSequenceId, tokenizer.unknownId, -200]);
    const chat: Prompt = { kind: "chat", user: `<image>\n${written}`, answerStart: "<image></s>" };
    for (const [prompt, images] of [
      [raw, []],
      [chat, [image]],
      [{ ...raw, text: `<image>\n${written}` }, [image]],
    ] as const) {
      const owner = { id: "q", images };
      const ids = encode(prompt, tokenizer, owner);
      expect(ids.filter((id) => special.has(id))).toEqual([1, ...images.map(() => -200)]);
      expect(tokenizer.decode(ids.filter((id) => id !== -200))).toContain(written);
    }
  });

  test("are encoded like in the original harnesses", async () => {
    const tokenizer = await tokenizerOf(tinyJson, false);
    const text = "before</s>after<unk> it";
    const language = { kind: "raw", text, beginOfSequence: false, harness: "language" } as const;
    const legacy = await tokenizerOf(tinyJson, true);
    expect(encode(language, tokenizer, { id: "q", images: [] })).toEqual(legacy.encode(text));
    const vision = { ...language, text: `<image>${text}`, harness: "vision" } as const;
    const ids = encode(vision, tokenizer, { id: "q", images: [image] });
    expect(ids).toEqual([-200, ...tokenizer.encode(text).filter((id) => id !== tokenizer.unknownId)]);
  });
});

test.each<[string, Prompt, number, RegExp]>([
  [
    "a raw prompt without placeholder",
    { kind: "raw", text: "a", beginOfSequence: true },
    1,
    /1 image, but 0 placeholders/,
  ],
  [
    "a harness's prompt with too many",
    { kind: "raw", text: "<image><image>", beginOfSequence: true, harness: "vision" },
    1,
    /1 image, but 2/,
  ],
  ["a chat prompt with too few", { kind: "chat", user: "<image>", answerStart: "" }, 2, /2 images, but 1/],
])("refuses %s, naming the request", (_, prompt, images, message) => {
  const owner = { id: "q-3", images: Array.from({ length: images }, () => image) };
  const error = caught(() => writePrompt(prompt, v1, owner));
  expect(MlanError.is(error, "invalid-data")).toBe(true);
  expect(String(error)).toMatch(message);
  expect(String(error)).toContain("q-3");
});

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
