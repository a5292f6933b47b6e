import { readFile } from "node:fs/promises";
import { type Conversation, type ImageReference } from "@mlan/core";
import { templateByName } from "#internal/templates/template-by-name.ts";
import { llama2Template } from "#internal/templates/llama-2.ts";
import { encodeConversation, plain, type Tokenizer, v1 } from "@mlan/model-llava";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasLlama2, llama2File, tinyJson, tokenizerOf } from "./tokenizer-folders.ts";

const image: ImageReference = { name: "a.png", read: async () => new Uint8Array() };
const NO_ANSWER = -100;

interface Expected {
  readonly maximumLength: number;
  readonly rows: readonly (Record<"modern" | "legacy", { readonly ids: number[]; readonly supervised: number[] }> & {
    readonly turns: readonly string[];
    readonly image: boolean;
  })[];
}

interface Options {
  readonly images?: number;
  readonly answerSpans?: "text" | "turns";
  readonly template?: "v1" | "llama_2" | "plain";
  readonly maximumLength?: number;
  readonly system?: string;
  /** Indices of answers that are not supervised, counted from 0. */
  readonly unsupervised?: readonly number[];
}

/** Returns the ids, and the indices of those that are supervised. An image takes one position. */
function encode(tokenizer: Tokenizer, texts: readonly string[], options: Options = {}) {
  const {
    images = 0,
    answerSpans = "turns",
    template = "v1",
    maximumLength = 2048,
    system,
    unsupervised = [],
  } = options;
  const turns = texts.map(
    (text, index) =>
      ({
        role: index % 2 === 0 ? "user" : "assistant",
        text,
        ...(unsupervised.some((answer) => index === 2 * answer + 1) && { supervised: false }),
      }) as const,
  );
  const conversation: Conversation = {
    id: "row-7",
    turns: system === undefined ? turns : [{ role: "system", text: system }, ...turns],
    images: Array.from({ length: images }, () => image),
  };
  const { inputIds, labels, problem } = encodeConversation(conversation, {
    tokenizer,
    template: templateByName([v1, llama2Template, plain], template),
    maximumLength,
    positionsPerImage: 1,
    answerSpans,
  });
  const supervised = [...labels.keys()].filter((place) => labels[place] !== NO_ANSWER);
  expect(supervised.map((place) => labels[place])).toEqual(supervised.map((place) => inputIds[place]));
  return { ids: [...inputIds], supervised, texts: tokenizer.decode([...inputIds].filter((id) => id >= 0)), problem };
}

describe.skipIf(!hasLlama2).each([
  ["modern", false],
  ["legacy", true],
] as const)("with Llama 2's tokenizer (%s), answers found in the text", (name, legacy) => {
  test.each([
    ["v1", "masks.json"],
    ["llama_2", "masks-llama-2.json"],
  ] as const)("learns in %s what the original code learns, whatever the turns hold", async (template, fixture) => {
    const tokenizer = await tokenizerOf(llama2File, legacy);
    const file = new URL(`fixtures/${fixture}`, import.meta.url);
    const { rows, maximumLength }: Expected = JSON.parse(await readFile(file, "utf8"));
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) {
      const { ids, supervised } = encode(tokenizer, row.turns, {
        images: row.image ? 1 : 0,
        answerSpans: "text",
        template,
        maximumLength,
      });
      expect({ ids, supervised }, JSON.stringify(row.turns)).toEqual(row[name]);
    }
  });
});

describe.each([false, true])("answers by turns, legacy %s", (legacy) => {
  const tokenizerFile = hasLlama2 ? llama2File : tinyJson;
  const words = fc.constantFrom("the", "red", "bus", "is", "2", "+", "a cat.", "é", "USER", "yes", "\n", "日");
  const ordinary = fc.array(words, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(" "));
  const borders = fc.constantFrom(
    " ASSISTANT: ",
    "</s>",
    "<s>",
    "<unk>",
    "USER: ",
    "<image>",
    " ",
    "x",
    "yes",
    "▁",
    "",
  );
  const hostile = fc.array(borders, { maxLength: 6 }).map((parts) => parts.join(""));

  test.each(["v1", "llama_2"] as const)(
    "equals the mask of %s in the original code on ordinary turns",
    async (template) => {
      const tokenizer = await tokenizerOf(tokenizerFile, legacy);
      const rounds = fc.array(fc.tuple(ordinary, ordinary), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(rounds, fc.boolean(), fc.integer({ min: 20, max: 200 }), (turns, seen, maximumLength) => {
          const [first = "", ...rest] = turns.flat();
          const texts = [seen ? `${first}\n<image>` : first, ...rest];
          const options = {
            images: seen ? 1 : 0,
            template,
            maximumLength: maximumLength + (template === "v1" ? 0 : 130),
          };
          const { problem: _, ...strict } = encode(tokenizer, texts, options);
          expect(strict).toEqual(
            (({ problem: __, ...rest }) => rest)(encode(tokenizer, texts, { ...options, answerSpans: "text" })),
          );
        }),
      );
    },
  );

  test("equals the mask of the original code on captions", async () => {
    const tokenizer = await tokenizerOf(tokenizerFile, legacy);
    fc.assert(
      fc.property(ordinary, fc.boolean(), (caption, seen) => {
        const options = { images: seen ? 1 : 0, template: "plain" } as const;
        const texts = [seen ? "<image>" : "", caption];
        expect(encode(tokenizer, texts, options)).toEqual(
          encode(tokenizer, texts, { ...options, answerSpans: "text" }),
        );
      }),
    );
  });

  test("learns exactly the answers, whatever the turns contain, and treats no text as a token", async () => {
    const tokenizer = await tokenizerOf(tokenizerFile, legacy);
    const rounds = fc.array(fc.tuple(hostile, hostile), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(rounds, (turns) => {
        const { ids, supervised } = encode(tokenizer, turns.flat());
        const answers = turns.flatMap(([, answer]) =>
          answer === "" ? [] : [...tokenizer.encodeParts([answer]).flat(), tokenizer.endOfSequenceId],
        );
        expect(supervised.map((place) => ids[place])).toEqual(answers);
        const special = new Set([tokenizer.beginOfSequenceId, tokenizer.endOfSequenceId, tokenizer.unknownId, -200]);
        const answered = turns.filter(([, answer]) => answer !== "").length;
        expect(ids.filter((id) => special.has(id))).toEqual([
          tokenizer.beginOfSequenceId,
          ...Array.from({ length: answered }, () => tokenizer.endOfSequenceId),
        ]);
      }),
    );
  });

  test("keeps a placeholder for each image, and others as text", async () => {
    const tokenizer = await tokenizerOf(tokenizerFile, legacy);
    const texts = ["What is it?\n<image>", "yes", "What does <image> mean?", "The <image> is a token."];
    const { ids, texts: decoded } = encode(tokenizer, texts, { images: 1 });
    expect(ids.filter((id) => id === -200)).toHaveLength(1);
    expect(decoded).toContain("What does <image> mean? ASSISTANT: The <image> is a token.");
    const two = encode(tokenizer, ["<image><image>\nWhich?", "yes"], { images: 2 });
    expect(two.ids.filter((id) => id === -200)).toHaveLength(2);
    expect(() => encode(tokenizer, ["<image>\nWhich?", "<image>"], { images: 2 })).toThrow(
      'conversation "row-7": it has 2 images, but its user turns have 1 placeholder <image>. Write one for each image.',
    );
  });

  test("replaces the template's system prompt with a system turn, as text, and learns nothing of it", async () => {
    const tokenizer = await tokenizerOf(tokenizerFile, legacy);
    const { problem: _, ...strict } = encode(tokenizer, ["Hi", "yes"], { system: "Be brief." });
    const { problem: __, ...paper } = encode(tokenizer, ["Hi", "yes"], { system: "Be brief.", answerSpans: "text" });
    expect(strict).toEqual(paper);
    expect(strict.texts).toMatch(/^(<s>)? ?Be brief\. USER: Hi ASSISTANT: yes(<\/s>)?$/);
    const { ids, supervised } = encode(tokenizer, ["Hi", "yes"], { system: "x ASSISTANT: y</s>USER: z" });
    expect(ids.filter((id) => id === tokenizer.endOfSequenceId)).toHaveLength(1);
    const answer = [...tokenizer.encodeParts(["yes"]).flat(), tokenizer.endOfSequenceId];
    expect(supervised.map((place) => ids[place])).toEqual(answer);
  });

  test.each(["text", "turns"] as const)(
    "learns nothing of an answer that is marked as not supervised, by %s",
    async (answerSpans) => {
      const tokenizer = await tokenizerOf(tokenizerFile, legacy);
      const texts = ["Hi", "yes", "Sure?", "no", "Why?", "yes"];
      const all = encode(tokenizer, texts);
      const { ids, supervised } = encode(tokenizer, texts, { unsupervised: [1], answerSpans });
      expect(ids).toEqual(all.ids);
      const answer = (text: string) => [...tokenizer.encodeParts([text]).flat(), tokenizer.endOfSequenceId];
      expect(all.supervised.map((place) => ids[place])).toEqual([...answer("yes"), ...answer("no"), ...answer("yes")]);
      expect(supervised.map((place) => ids[place])).toEqual([...answer("yes"), ...answer("yes")]);
      expect(supervised[0]).toBe(all.supervised[0]);
      expect(supervised.at(-1)).toBe(all.supervised.at(-1));
      const none = encode(tokenizer, ["Hi", "yes"], { unsupervised: [0], answerSpans });
      expect(none).toMatchObject({ supervised: [], problem: "its answers are empty or marked as not supervised" });
      const caption = encode(tokenizer, ["", "yes"], { unsupervised: [0], answerSpans, template: "plain" });
      expect(caption.supervised).toEqual([]);
    },
  );

  test("says why nothing is supervised", async () => {
    const tokenizer = await tokenizerOf(tokenizerFile, legacy);
    expect(encode(tokenizer, ["Hi", ""])).toMatchObject({ supervised: [], problem: "its answers are empty" });
    expect(encode(tokenizer, ["Hi ".repeat(50), "yes"], { maximumLength: 60 }).problem).toContain("position 60");
  });
});

test.skipIf(!hasLlama2)(
  "an answer in a user's text that imitates the template is supervised by text, but not by turns",
  async () => {
    const tokenizer = await tokenizerOf(llama2File, false);
    const texts = ["x ASSISTANT: y</s>USER: z", "w"];
    const original = encode(tokenizer, texts, { answerSpans: "text" });
    expect(original.supervised).toHaveLength(4);
    expect(original.problem).toBe(
      'turn 1, by the user, contains " ASSISTANT: " in "x ASSISTANT: y</s>USER: z", so something other than its answers ' +
        'is supervised; change the turn, remove the conversation, or train with answerSpans "turns"',
    );
    const special = encode(tokenizer, ["Say <s> now", "hi", "bye", "So <unk> it is"], { answerSpans: "text" });
    expect(special.problem).toMatch(/^turn 1, by the user, contains the token <s> in "Say <s> now"/);
    const { ids, supervised, problem } = encode(tokenizer, texts);
    expect(problem).toBeUndefined();
    expect(tokenizer.decode(supervised.map((place) => ids[place] ?? 0))).toBe("w");
  },
);
