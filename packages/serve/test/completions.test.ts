import type { Generation, GenerationOptions, GenerationRequest } from "@mlan/core";
import { describe, expect, it } from "vitest";
import { served, tinyModel } from "./served-model.ts";

const model = await tinyModel();
const { client, server } = await served(model, { name: "tiny" });

async function generated(changes: Partial<GenerationRequest>): Promise<Generation> {
  const prompt = { kind: "raw", text: "Once upon a time", beginOfSequence: true } as const;
  const request = { id: "direct", prompt, images: [], maximumNewTokens: 10, ...changes };
  for await (const answer of model.generate([request])) return answer;
  throw new Error("no answer");
}

const asked = { model: "tiny", prompt: "Once upon a time", max_tokens: 10, temperature: 0 };

describe("a completion that is no chat", () => {
  it("continues the text as generate does", async () => {
    const direct = await generated({});
    const completion = await client.completions.create(asked);
    expect(completion).toMatchObject({
      object: "text_completion",
      choices: [{ index: 0, text: direct.text, logprobs: null, finish_reason: "length" }],
      usage: { prompt_tokens: direct.promptLength, completion_tokens: 10 },
    });
    const sampled = await client.completions.create({ ...asked, prompt: [asked.prompt], temperature: 1, seed: 3 });
    expect(sampled.choices[0]?.text).toBe((await generated({ sampling: { temperature: 1, seed: 3 } })).text);
  });

  it("has log-probabilities, streamed too", async () => {
    const { logProbabilities: described = [] } = await generated({ logProbabilities: 2 });
    const { choices } = await client.completions.create({ ...asked, logprobs: 2 });
    const { tokens, token_logprobs, top_logprobs, text_offset } = choices[0]?.logprobs ?? {};
    expect(tokens).toEqual(described.map(({ text }) => text));
    expect(token_logprobs).toEqual(described.map(({ logProbability }) => logProbability));
    expect(top_logprobs?.map((one) => Math.max(...Object.values(one)))).toEqual(token_logprobs);
    expect(text_offset).toEqual(
      described.map((_, place) => described.slice(0, place).reduce((sum, { text }) => sum + text.length, 0)),
    );
    const parts = [];
    for await (const chunk of await client.completions.create({ ...asked, logprobs: 2, stream: true }))
      parts.push(...chunk.choices);
    expect(parts.map(({ text }) => text).join("")).toBe(choices[0]?.text);
    expect(parts.flatMap(({ logprobs }) => logprobs?.tokens ?? [])).toEqual(tokens);
    expect(parts.flatMap(({ logprobs }) => logprobs?.text_offset ?? [])).toEqual(text_offset);
    expect(parts.at(-1)?.finish_reason).toBe("length");
  });

  it("has offsets of tokens in code points", async () => {
    const tokens = ["\u{1f600}", "a", "\u{1f600}\u{1f600}", "b"].map((text, token) => ({
      text,
      token,
      logProbability: -1,
    }));
    const logProbabilities = tokens.map((token) => ({ ...token, likeliest: [] }));
    const text = tokens.map((token) => token.text).join("");
    const answering = {
      name: "smiling",
      fingerprint: model.fingerprint,
      async *generate([request]: readonly GenerationRequest[], { onText }: GenerationOptions = {}) {
        const { id = "" } = request ?? {};
        for (const token of logProbabilities) onText?.({ id, text: token.text, logProbabilities: [token] });
        yield { id, text, finish: "length" as const, promptLength: 1, computedPositions: 1, logProbabilities };
      },
    };
    const smiling = (await served(answering)).client.completions;
    const body = { ...asked, model: "smiling", logprobs: 0 };
    expect((await smiling.create(body)).choices[0]?.logprobs?.text_offset).toEqual([0, 1, 2, 4]);
    const offsets = [];
    for await (const { choices } of await smiling.create({ ...body, stream: true }))
      offsets.push(...(choices[0]?.logprobs?.text_offset ?? []));
    expect(offsets).toEqual([0, 1, 2, 4]);
  });

  it.each([
    [{ ...asked, prompt: ["a", "b"] }, "prompt", /expected one text, found a list of 2/],
    [{ ...asked, echo: true }, "echo", /expected false, found true/],
    [{ ...asked, messages: [] }, "messages", /unknown key "messages"/],
    [{ ...asked, max_tokens: 5000 }, "max_tokens", /^max_tokens is 5000; this server generates at most 256 tokens\./],
  ])("refuses %o", async (body, param, message) => {
    const response = await fetch(`${server.url}/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { message: string; param: string } };
    expect(error.param).toBe(param);
    expect(error.message).toMatch(message);
  });
});
