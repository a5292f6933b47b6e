import "@tensorflow/tfjs-backend-cpu"; // where the contract counts tensors
import { createScope, MODEL, streamAnswer } from "@mlan/core";
import { endpoint } from "@mlan/model-endpoint";
import { describeModelContract } from "@mlan/testing";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { chat, only, open, picture, URL_OF_PNG } from "./asking.ts";
import { type LanguageServer, languageServer } from "./language-server.ts";

const contractServer = await languageServer({ whenFinished: afterAll });
const contractModel = endpoint({ baseURL: contractServer.baseURL, model: "llava" });
describeModelContract(createScope([contractModel]).get(MODEL), { useBackend: () => Promise.resolve() });

describe("a model behind a server", () => {
  let server: LanguageServer;
  beforeEach(async () => {
    server = await languageServer();
  });

  it("is asked with images where their placeholders are, as data URLs", async () => {
    const model = await open(server);
    await only(model, chat("one", "<image>\nWhat is it?", { images: [picture("a.png")] }));
    await only(model, chat("two", "First <image> then <image>?", { images: [picture("a.png"), picture("b.png")] }));
    await only(model, chat("none", "Write <image> as text", {}));
    const image = { type: "image_url", image_url: { url: URL_OF_PNG } };
    expect(server.asked.map(({ body }) => body["messages"])).toEqual([
      [{ role: "user", content: [image, { type: "text", text: "What is it?" }] }],
      [
        {
          role: "user",
          content: [
            { type: "text", text: "First " },
            image,
            { type: "text", text: " then " },
            image,
            { type: "text", text: "?" },
          ],
        },
      ],
      [{ role: "user", content: "Write <image> as text" }],
    ]);
    expect(server.asked[0]?.body).toMatchObject({ model: "llava", max_tokens: 8, temperature: 0 });
  });

  it("gets images without placeholders in front of the first user turn, and the turns before", async () => {
    const history = [
      { role: "system", text: "Be brief." },
      { role: "user", text: "Look." },
      { role: "assistant", text: "I do." },
    ] as const;
    const prompt = { kind: "chat", history, user: "And?", answerStart: "" } as const;
    await only(await open(server), { id: "turns", prompt, images: [picture("a.png")], maximumNewTokens: 8 });
    expect(server.asked[0]?.body["messages"]).toEqual([
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: URL_OF_PNG } },
          { type: "text", text: "Look." },
        ],
      },
      { role: "assistant", content: "I do." },
      { role: "user", content: "And?" },
    ]);
  });

  it.each([
    ["vllm", { continue_final_message: true, add_generation_prompt: false }, "max_tokens"],
    ["llama.cpp", {}, "max_tokens"],
  ] as const)("%s continues the start of an answer", async (kind, fields, most) => {
    server.answer = (prompt) => (prompt.endsWith('assistant: It is "') ? 'red".' : "not continued");
    const answer = await only(
      await open(server, { server: kind }),
      chat("start", "Colour?", { answerStart: 'It is "' }),
    );
    expect(answer.text).toBe('red".');
    expect(server.asked[0]?.body).toMatchObject({ ...fields, [most]: 8 });
    expect(server.asked[0]?.body["messages"].at(-1)).toEqual({ role: "assistant", content: 'It is "' });
  });

  it.each(["generic", "openai"] as const)("%s is asked to begin with the start, which is taken off", async (kind) => {
    server.answer = () => 'It is "red" and';
    const model = await open(server, { server: kind });
    const request = { ...chat("start", "Colour?", { answerStart: 'It is "' }), stop: ['"', "\n"] };
    expect((await only(model, request)).text).toBe('red" and');
    expect(server.asked[0]?.body["messages"]).toEqual([
      { role: "user", content: 'Colour?\nBegin your answer with: It is "' },
    ]);
    const field = kind === "openai" ? "max_completion_tokens" : "max_tokens";
    // The start has room of its own, and nothing ends the answer within it.
    expect(server.asked[0]?.body).toMatchObject({ [field]: 8 + 'It is "'.length, stop: ["\n"] });
    server.answer = () => "blue";
    expect((await only(model, request)).text).toBe("blue");
  });

  it("sends sampling, and the user's own fields; null leaves one out", async () => {
    const model = await open(server, { body: { reasoning_effort: "low", temperature: null } });
    const request = { ...chat("sampled", "?"), stop: ["\n", '"'], stopTokens: [2], repetitionPenalty: 1.1 };
    await only(model, { ...request, sampling: { temperature: 0.5, topP: 0.9, topK: 5, minP: 0.1, seed: 4 } });
    const { messages: _, ...body } = server.asked[0]?.body ?? {};
    expect(body).toEqual({
      model: "llava",
      max_tokens: 8,
      top_p: 0.9,
      top_k: 5,
      min_p: 0.1,
      seed: 4,
      repetition_penalty: 1.1,
      stop: ["\n", '"'],
      stop_token_ids: [2],
      reasoning_effort: "low",
    });
  });

  it("says how answers end, and how many tokens they took", async () => {
    const model = await open(server);
    server.answer = () => "short";
    expect(await only(model, chat("a", "?"))).toMatchObject({ text: "short", finish: "end-of-sequence", newTokens: 5 });
    server.answer = () => "longer than eight";
    const prompt = "user: ?\nassistant: ".length;
    expect(await only(model, chat("b", "?"))).toMatchObject({
      finish: "length",
      promptLength: prompt,
      computedPositions: prompt,
    });
    server.change = (reply) => ({
      ...reply,
      choices: [{ ...reply["choices"][0], finish_reason: "stop", stop_reason: "\n" }],
    });
    expect(await only(model, chat("c", "?"))).toMatchObject({ finish: "stop" });
    server.change = (reply) => ({ ...reply, usage: null });
    expect(await only(model, chat("d", "?"))).toMatchObject({ promptLength: NaN, computedPositions: NaN });
  });

  it("asks as many at a time as it may, and yields answers as they finish", async () => {
    let waiting: (() => void)[] = [];
    server.before = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        // The third to come is answered first.
        if (waiting.length === 3) for (const go of waiting.splice(0).reverse()) go();
      });
    const model = await open(server, { concurrency: 3 });
    const ids: string[] = [];
    for await (const { id } of model.generate(Array.from({ length: 9 }, (_, index) => chat(`${index}`, `${index}?`))))
      ids.push(id);
    expect(ids.toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(server.most).toBe(3);
    waiting = [];
  });

  it("streams text, the same as the whole answer", async () => {
    server.answer = () => 'It is "red and';
    const model = await open(server);
    const request = { ...chat("streamed", "?", { answerStart: 'It is "' }), maximumNewTokens: 40 };
    const pieces: string[] = [];
    for await (const { text } of streamAnswer(model, request)) pieces.push(text);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe("red and");
    server.answer = () => "It";
    pieces.length = 0;
    for await (const { text } of streamAnswer(model, request)) pieces.push(text);
    expect(pieces.join("")).toBe("It");
    server.answer = () => 'It is "red" and';
    pieces.length = 0;
    for await (const { text } of streamAnswer(model, { ...request, stop: ['"'] })) pieces.push(text);
    expect(pieces.join("")).toBe("red");
  });

  it("ends one answer by its own signal, and all by the caller's", async () => {
    const model = await open(server);
    const one = new AbortController();
    server.before = () => new Promise(() => one.abort());
    expect(await only(model, { ...chat("one", "?"), signal: one.signal })).toMatchObject({
      finish: "aborted",
      text: "",
    });
    const all = new AbortController();
    server.before = () => new Promise(() => all.abort(new Error("enough")));
    const answers = model.generate([chat("two", "?")], { signal: all.signal });
    await expect(answers[Symbol.asyncIterator]().next()).rejects.toThrow("enough");
  });

  it("gives margins of answers, which verify needs", async () => {
    const model = await open(server);
    for await (const { margins } of model.generate([chat("a", "?")], { details: true }))
      expect(margins).toEqual(Array.from({ length: 8 }, () => 1.25));
  });
});
