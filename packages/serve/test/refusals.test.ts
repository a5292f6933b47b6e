import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { type ErrorAnswer, picture, postChat, served, tinyModel } from "./served-model.ts";

const model = await tinyModel();
const { server, client } = await served(model, {
  name: "tiny",
  maximumBodyBytes: 200_000,
  maximumImages: 2,
  maximumTokens: 64,
});
const red = await picture("#f00");

const post = (body: unknown): Promise<ErrorAnswer> => postChat(server.url, body);

const user = { role: "user", content: "hello" };
const asked = { model: "tiny", messages: [user], max_tokens: 2 };
const shown = (url: string): unknown => ({ role: "user", content: [{ type: "image_url", image_url: { url } }] });
const half = red.slice(0, red.length / 2 - ((red.length / 2) % 4) - 2);

describe("a request that cannot be answered gets one error that names the field:", () => {
  it.each<[string, unknown, number, string | null, RegExp]>([
    ["no JSON", "{", 400, null, /^the body is not JSON in UTF-8: .*\.$/],
    ["no object", [], 400, null, /^expected an object, found a list of 0\.$/],
    ["no messages", { model: "tiny" }, 400, "messages", /^key "messages": expected a list, found nothing\.$/],
    ["no message", { ...asked, messages: [] }, 400, "messages", /expected a list of at least 1 entry/],
    ["an unknown field", { ...asked, tools: [] }, 400, "tools", /^unknown key "tools"\. Known fields: model, /],
    [
      "an unknown field of a message",
      { ...asked, messages: [{ ...user, tool: 1 }] },
      400,
      "messages.0.tool",
      /unknown key/,
    ],
    [
      "an unknown role",
      { ...asked, messages: [{ role: "tool", content: "" }] },
      400,
      "messages.0.role",
      /"messages\.0\.role"/,
    ],
    [
      "content that is none",
      { ...asked, messages: [{ role: "user", content: 7 }] },
      400,
      "messages.0.content",
      /expected text or a list of parts, found 7/,
    ],
    [
      "an unknown part",
      { ...asked, messages: [{ role: "user", content: [{ type: "audio" }] }] },
      400,
      "messages.0.content.0.type",
      /content\.0\.type/,
    ],
    ["a temperature that is too high", { ...asked, temperature: 3 }, 400, "temperature", /of at most 2, found 3/],
    ["a seed without room for choices", { ...asked, seed: 2 ** 53 - 1 }, 400, "seed", /at most 9007199254740983/],
    ["top_p", { ...asked, top_p: -1 }, 400, "top_p", /of at least 0, found -1/],
    ["a penalty that is not supported", { ...asked, presence_penalty: 1 }, 400, "presence_penalty", /expected 0/],
    ["top_logprobs alone", { ...asked, top_logprobs: 2 }, 400, "top_logprobs", /needs "logprobs": true/],
    [
      "too many tokens",
      { ...asked, max_tokens: 65 },
      400,
      "max_tokens",
      /^max_tokens is 65; this server generates at most 64 tokens\./,
    ],
    ["another model", { ...asked, model: "gpt" }, 404, "model", /^there is no model "gpt"; this server has "tiny"\.$/],
    ["two users in a row", { ...asked, messages: [user, user] }, 400, "messages.1", /^messages\.1 is by the user\. /],
    [
      "an assistant at the beginning",
      { ...asked, messages: [{ role: "assistant", content: "" }] },
      400,
      "messages.0",
      /^messages\.0 is by the assistant\. .* the user begins\.$/,
    ],
    [
      "an assistant at the end that is not to be continued",
      { ...asked, messages: [user, { role: "assistant", content: "" }], continue_final_message: false },
      400,
      "continue_final_message",
      /A last message of the assistant is continued\./,
    ],
    [
      "nothing to be continued",
      { ...asked, continue_final_message: true },
      400,
      "continue_final_message",
      /Add the assistant's message/,
    ],
    [
      "a system message in the middle",
      { ...asked, messages: [user, { role: "system", content: "" }, user] },
      400,
      "messages.1",
      /by the system/,
    ],
    [
      "a system message alone",
      { ...asked, messages: [{ role: "system", content: "" }] },
      400,
      "messages.0",
      /^messages\.0 is by the system\. /,
    ],
    [
      "a picture on the network",
      { ...asked, messages: [shown("https://example.com/cat.png")] },
      400,
      "messages.0.content.0.image_url.url",
      /must be a data URL .* it begins with "https:\/\/example\.com\/cat\.png"/,
    ],
    [
      "a picture that is not base64",
      { ...asked, messages: [shown("data:image/png;base64,?")] },
      400,
      "messages.0.content.0.image_url.url",
      /its data are not base64/,
    ],
    [
      "a picture in another encoding",
      { ...asked, messages: [shown("data:image/svg+xml,<svg/>")] },
      400,
      "messages.0.content.0.image_url.url",
      /must be a data URL/,
    ],
    [
      "no picture",
      { ...asked, messages: [shown(`data:image/png;base64,${btoa("<html>not found</html>")}`)] },
      400,
      null,
      /image "messages\.0\.content\.0\.image_url\.url"/,
    ],
    [
      "half a picture",
      { ...asked, messages: [shown(half)] },
      400,
      null,
      /image "messages\.0\.content\.0\.image_url\.url"/,
    ],
    [
      "too many pictures",
      {
        ...asked,
        messages: [
          { role: "user", content: [red, red, red].map((url) => ({ type: "image_url", image_url: { url } })) },
        ],
      },
      400,
      "messages",
      /have 3 images; this server accepts at most 2 per request/,
    ],
    [
      "a written placeholder beside a picture",
      {
        ...asked,
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "<image>" },
              { type: "image_url", image_url: { url: red } },
            ],
          },
        ],
      },
      400,
      "messages",
      /contains <image>/,
    ],
    [
      "a prompt that is too long",
      { ...asked, messages: [{ role: "user", content: "a".repeat(1000) }] },
      400,
      null,
      /positions; the model reads 504\. Shorten its text/,
    ],
  ])("%s", async (_, body, status, param, message) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status, error: { type: "invalid_request_error", param } });
    expect(answer.error.message).toMatch(message);
  });

  it("and the server goes on", async () => {
    const { choices } = await client.chat.completions.create({
      ...asked,
      messages: [{ role: "user", content: "hello" }],
    });
    expect(choices).toHaveLength(1);
  });

  it("a broken picture among others, which are answered", async () => {
    const asking = [red, half, red].map((url) => post({ ...asked, messages: [shown(url)] }));
    const answers = await Promise.all([...asking, post(asked)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 200]);
  });

  it("as the official client reads it", async () => {
    const wrong = client.chat.completions.create({ model: "gpt", messages: [{ role: "user", content: "hello" }] });
    const error: unknown = await wrong.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
  });
});
