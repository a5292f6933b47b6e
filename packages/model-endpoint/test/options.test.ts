import { textWording } from "@mlan/core";
import { endpoint, type EndpointOptions } from "@mlan/model-endpoint";
import { describe, expect, test } from "vitest";
import { chat, only, open } from "./asking.ts";
import { languageServer } from "./language-server.ts";

describe("options", () => {
  const right = { baseURL: "http://127.0.0.1:8000/v1", model: "llava" };
  test.each([
    [{ ...right, baseURL: "127.0.0.1:8000" }, "a web address such as http://127.0.0.1:8000/v1"],
    [{ ...right, baseURL: "http://me:pass@host/v1" }, "an address without a password"],
    [{ ...right, baseURL: "http://host/v1?key=1" }, "an address without ? and #"],
    [{ ...right, baseURL: "http://host/v1/chat/completions" }, "the address before /chat/completions"],
    [{ ...right, model: "" }, "the model's name on the server"],
    [{ ...right, server: "tgi" }, '"generic"'],
    [{ ...right, apiKey: "two words" }, "a key of visible ASCII characters"],
    [{ ...right, maximumCost: 1 }, '"prices"'],
    [{ ...right, temperature: 1 }, '"temperature"'],
  ])("%o are refused", (options, problem) => {
    expect(() => endpoint(options as EndpointOptions)).toThrow(problem);
  });

  test("with a text wording, a base model is asked to continue text", async () => {
    const server = await languageServer();
    const model = await open(server, { wording: textWording("base", "User: ", "\nAssistant: ") });
    const prompt = model.wording.ask({ user: "Why?", answerStart: "", images: 0 });
    await only(model, { id: "a", prompt, images: [], maximumNewTokens: 4 });
    expect(server.asked[0]).toMatchObject({ path: "/v1/completions", body: { prompt: "User: Why?\nAssistant: " } });
  });

  test("the key of the environment is used where none is given", async () => {
    const server = await languageServer();
    process.env["MLAN_ENDPOINT_API_KEY"] = "from-the-environment";
    try {
      await only(await open(server), chat("a", "?"));
    } finally {
      delete process.env["MLAN_ENDPOINT_API_KEY"];
    }
    expect(server.asked[0]?.authorization).toBe("Bearer from-the-environment");
  });
});
