import { type EndpointUsage } from "@mlan/model-endpoint";
import { describe, expect, it } from "vitest";
import { chat, failureOf, only, open } from "./asking.ts";
import { languageServer } from "./language-server.ts";

describe("tokens and cost", () => {
  it("add up, with cached tokens at their own price", async () => {
    const server = await languageServer();
    server.change = (reply) => ({
      ...reply,
      usage: { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 600 } },
    });
    const usages: EndpointUsage[] = [];
    const prices = { input: 2, cachedInput: 0.5, output: 10 };
    const model = await open(server, { prices, onUsage: (usage) => usages.push(usage) });
    expect(await only(model, chat("a", "?"))).toMatchObject({ promptLength: 1000, computedPositions: 400 });
    await only(model, chat("b", "?"));
    const sums = { requests: 2, repeated: 0, inputTokens: 2000, cachedInputTokens: 1200, outputTokens: 200 };
    expect(usages.at(-1)).toEqual({ ...sums, cost: (800 * 2 + 1200 * 0.5 + 200 * 10) / 1e6 });
  });

  it("end an evaluation at its maximum, or when they are unknown", async () => {
    const server = await languageServer();
    const prices = { input: 1e6, output: 0 };
    const limited = await open(server, { prices, maximumCost: 1 });
    await only(limited, chat("a", "?"));
    expect((await failureOf(only(limited, chat("b", "?")))).message).toContain(
      "and maximumCost is 1; raise it to continue",
    );
    server.change = (reply) => ({ ...reply, usage: null });
    const blind = await open(server, { prices, maximumCost: 1 });
    await only(blind, chat("a", "?"));
    expect((await failureOf(only(blind, chat("b", "?")))).message).toContain("reports no token counts");
  });
});
