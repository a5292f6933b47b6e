import { beforeStop, chatRequest, type Generation, type GenerationRequest, type ImageReference } from "@mlan/core";
import type OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { picture, served, tinyModel } from "./served-model.ts";

const model = await tinyModel();
const { client } = await served(model, { name: "tiny-llava" });
const [red, blue] = await Promise.all([picture("#f00"), picture("#00f")]);

type Body = OpenAI.ChatCompletionCreateParamsNonStreaming;

function body(changes: Partial<Body> = {}, text = "what is it?"): Body {
  return {
    model: "tiny-llava",
    messages: [{ role: "user", content: text }],
    temperature: 0,
    max_tokens: 12,
    ...changes,
  };
}

function imageOf(url: string): ImageReference {
  const bytes = new Uint8Array(Buffer.from(url.split(",")[1] ?? "", "base64"));
  return { name: "shown", read: async () => bytes };
}

async function generated(changes: Partial<GenerationRequest>, text = "what is it?"): Promise<Generation> {
  const request = { id: "direct", maximumNewTokens: 12, ...chatRequest([{ role: "user", text }]), ...changes };
  for await (const answer of model.generate([request])) return answer;
  throw new Error("no answer");
}

describe("a chat completion", () => {
  it("is the answer of generate, with usage and finish reason", async () => {
    const direct = await generated({});
    const { choices, usage, ...head } = await client.chat.completions.create(body());
    expect(choices).toEqual([
      {
        index: 0,
        message: { role: "assistant", content: direct.text, refusal: null },
        logprobs: null,
        finish_reason: "length",
      },
    ]);
    const { promptLength } = direct;
    expect(usage).toEqual({ prompt_tokens: promptLength, completion_tokens: 12, total_tokens: promptLength + 12 });
    expect(head).toMatchObject({ object: "chat.completion", model: "tiny-llava" });
  });

  it("sees images, wherever they are in the conversation", async () => {
    const ask = async (url: string): Promise<string | null | undefined> => {
      const content = [
        { type: "text", text: "what is it?" },
        { type: "image_url", image_url: { url } },
      ] as const;
      const { choices } = await client.chat.completions.create(
        body({ messages: [{ role: "user", content: [...content] }] }),
      );
      return choices[0]?.message.content;
    };
    const direct = await generated(chatRequest([{ role: "user", text: "what is it?", images: [imageOf(red)] }]));
    expect(await ask(red)).toBe(direct.text);
    expect(await ask(blue)).not.toBe(direct.text);
  });

  it("reads a system prompt and earlier turns with their images", async () => {
    const turns = [
      { role: "system", text: "Be brief." },
      { role: "user", text: "what is it?", images: [imageOf(red)] },
      { role: "assistant", text: "a red square" },
      { role: "user", text: "and this?", images: [imageOf(blue)] },
    ] as const;
    const shown = (text: string, url: string) => [
      { type: "image_url" as const, image_url: { url } },
      { type: "text" as const, text },
    ];
    const messages: Body["messages"] = [
      { role: "system", content: "Be brief." },
      { role: "user", content: shown("what is it?", red) },
      { role: "assistant", content: "a red square" },
      { role: "user", content: shown("and this?", blue) },
    ];
    const ask = async (asked: Body["messages"]): Promise<string | null | undefined> =>
      (await client.chat.completions.create(body({ messages: asked }))).choices[0]?.message.content;
    const direct = await generated(chatRequest(turns));
    expect(await ask(messages)).toBe(direct.text);
    const others = [messages.slice(1), messages.slice(3), messages.with(2, { role: "assistant", content: "no" })];
    for (const other of others) expect(await ask(other)).not.toBe(direct.text);
  });

  it("continues a last message of the assistant", async () => {
    const user = { role: "user", content: "what is it?" } as const;
    const ask = async (begun: string): Promise<string | null | undefined> => {
      const messages = [user, { role: "assistant" as const, content: begun }];
      return (await client.chat.completions.create(body({ messages }))).choices[0]?.message.content;
    };
    const direct = await generated({
      prompt: { kind: "chat", user: "what is it?", answerStart: "a red" },
    });
    expect(await ask("a red")).toBe(direct.text);
    expect(await ask("a blue")).not.toBe(direct.text);
    expect(await ask("")).toBe((await generated({})).text);
  });

  it("is sampled by seed, choices of a request by seeds that differ", async () => {
    const sampled = { temperature: 1.2, top_p: 0.95, seed: 5 };
    const { choices, usage } = await client.chat.completions.create(body({ ...sampled, n: 2 }));
    for (const [choice, seed] of [5, 6].entries()) {
      const direct = await generated({ sampling: { temperature: 1.2, topP: 0.95, seed } });
      expect(choices[choice]?.message.content).toBe(direct.text);
    }
    expect(choices[0]?.message.content).not.toBe(choices[1]?.message.content);
    expect(usage?.completion_tokens).toBe(24);
  });

  it("ends before a stop string", async () => {
    const { text } = await generated({});
    const stop = text.slice(3, 5);
    const { choices } = await client.chat.completions.create(body({ stop: [stop, "never to be said"] }));
    expect(choices[0]).toMatchObject({ message: { content: beforeStop(text, [stop]) }, finish_reason: "stop" });
  });

  it("has log-probabilities", async () => {
    const direct = await generated({ logProbabilities: 2 });
    const { choices } = await client.chat.completions.create(body({ logprobs: true, top_logprobs: 2 }));
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content.map(({ token, logprob }) => ({ token, logprob }))).toEqual(
      direct.logProbabilities?.map(({ text, logProbability }) => ({ token: text, logprob: logProbability })),
    );
    for (const { token, bytes, logprob, top_logprobs } of content) {
      expect(top_logprobs).toHaveLength(2);
      expect(top_logprobs[0]).toEqual({ token, bytes, logprob });
      if (bytes) expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(token);
    }
  });

  it("takes fields that vLLM has besides", async () => {
    const direct = await generated({ repetitionPenalty: 1.7, sampling: { topK: 3, minP: 0.01, seed: 2 } });
    const extra = { repetition_penalty: 1.7, top_k: 3, min_p: 0.01 };
    const { choices } = await client.chat.completions.create({
      ...body({ temperature: 1, seed: 2 }),
      ...extra,
    } as Body);
    expect(choices[0]?.message.content).toBe(direct.text);
    const all = await generated({ sampling: { temperature: 1, seed: 2 } });
    for (const top_k of [0, -1]) {
      const unlimited = await client.chat.completions.create({ ...body({ temperature: 1, seed: 2 }), top_k } as Body);
      expect(unlimited.choices[0]?.message.content).toBe(all.text);
    }
  });
});

describe("a streamed completion", () => {
  it("adds up to the whole one, with log-probabilities and usage at the end", async () => {
    const asked = body({ logprobs: true, top_logprobs: 1 });
    const whole = await client.chat.completions.create(asked);
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    }))
      chunks.push(chunk);
    const parts = chunks.flatMap(({ choices }) => choices);
    expect(chunks.length).toBeGreaterThan(6);
    expect(parts[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(parts.map(({ delta }) => delta.content ?? "").join("")).toBe(whole.choices[0]?.message.content);
    expect(parts.flatMap(({ logprobs }) => logprobs?.content ?? [])).toEqual(whole.choices[0]?.logprobs?.content);
    expect(parts.map(({ finish_reason: reason }) => reason).filter(Boolean)).toEqual(["length"]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it("has every choice", async () => {
    const texts = ["", ""];
    const asked = body({ n: 2, temperature: 1, seed: 8 });
    for await (const { choices } of await client.chat.completions.create({ ...asked, stream: true }))
      for (const { index, delta } of choices) texts[index] += delta.content ?? "";
    const { choices } = await client.chat.completions.create(asked);
    expect(texts).toEqual(choices.map(({ message }) => message.content));
  });
});

describe("32 concurrent clients", () => {
  const requests = Array.from({ length: 32 }, (_, index) => ({
    text: `${"word ".repeat(index % 7)}question ${index}`,
    images: index % 5 === 0 ? [index % 2 === 0 ? red : blue] : [],
    sampled: index % 3 === 0,
    stream: index % 4 === 0,
    max_tokens: 4 + (index % 6),
  }));
  let expected: ReadonlyMap<string, string>;
  beforeAll(async () => {
    const texts = new Map<string, string>();
    const direct = requests.map(({ text, images, sampled, max_tokens: maximumNewTokens }) => ({
      id: text,
      ...chatRequest([{ role: "user", text, images: images.map(imageOf) }]),
      maximumNewTokens,
      ...(sampled && { sampling: { temperature: 1, seed: text.length } }),
    }));
    for (const request of direct) for await (const { id, text } of model.generate([request])) texts.set(id, text);
    expected = texts;
  });

  it("lose nothing, and each has the answer of generate", async () => {
    const answers = await Promise.all(
      requests.map(async ({ text, images, sampled, stream, max_tokens }) => {
        const content = [
          ...images.map((url) => ({ type: "image_url" as const, image_url: { url } })),
          { type: "text" as const, text },
        ];
        const asked: Body = {
          ...body({ messages: [{ role: "user", content }], max_tokens }),
          ...(sampled && { temperature: 1, seed: text.length }),
        };
        if (!stream) return (await client.chat.completions.create(asked)).choices[0]?.message.content;
        let streamed = "";
        for await (const { choices } of await client.chat.completions.create({ ...asked, stream }))
          streamed += choices[0]?.delta.content ?? "";
        return streamed;
      }),
    );
    expect(answers).toEqual(requests.map(({ text }) => expected.get(text)));
  });
});

it("lists its model", async () => {
  expect((await client.models.list()).data).toEqual([
    { id: "tiny-llava", object: "model", created: 0, owned_by: "mlan" },
  ]);
  expect((await client.models.retrieve("tiny-llava")).id).toBe("tiny-llava");
});
