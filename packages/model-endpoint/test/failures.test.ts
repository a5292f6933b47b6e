import { streamAnswer } from "@mlan/core";
import { type EndpointUsage } from "@mlan/model-endpoint";
import { beforeEach, describe, expect, it } from "vitest";
import { chat, failureOf, only, open, picture } from "./asking.ts";
import { type LanguageServer, languageServer, send } from "./language-server.ts";

async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("failures:", () => {
  let server: LanguageServer;
  beforeEach(async () => {
    server = await languageServer();
  });
  /** Returns an interceptor that fails `times` times, and then lets the server answer. */
  const failing = (times: number, fail: LanguageServer["intercept"]): void => {
    let left = times;
    server.intercept = (asked, response) => left-- > 0 && fail(asked, response);
  };

  it("429 is repeated after the pause that the server asks for, and all requests wait", async () => {
    const usages: EndpointUsage[] = [];
    failing(3, (_, response) => send(response, 429, { error: { message: "slow down" } }, { "retry-after-ms": "20" }));
    const model = await open(server, { onUsage: (usage) => usages.push(usage) });
    const texts: string[] = [];
    for await (const { text } of model.generate([chat("a", "A"), chat("b", "B"), chat("c", "C")])) texts.push(text);
    expect(texts).toHaveLength(3);
    expect(usages.at(-1)).toMatchObject({ requests: 3, repeated: 3 });
    failing(1, (_, response) => send(response, 503, {}, { "retry-after": new Date(Date.now() - 1000).toUTCString() }));
    expect((await only(model, chat("d", "D"))).text).toHaveLength(8);
  });

  it("a server that requests no pause while it loads its model is still asked less and less often", async () => {
    let loaded: number | undefined;
    server.intercept = (_, response) => {
      loaded ??= performance.now() + 600;
      return performance.now() < loaded && send(response, 503, {}, { "retry-after": "0" });
    };
    expect((await only(await open(server, { retries: 2 }), chat("a", "?"))).text).toHaveLength(8);
  });

  it("a longer pause than maximumPauseSeconds ends the evaluation", async () => {
    failing(9, (_, response) => send(response, 429, { error: { message: "quota" } }, { "retry-after": "86400" }));
    const { message } = await failureOf(only(await open(server), chat("a", "?")));
    expect(message).toContain('refused "a" because of too many requests (status 429: quota)');
    expect(message).toContain("it requests a pause of 86400 s, and maximumPauseSeconds is 600.");
    expect(server.asked).toHaveLength(1);
  });

  const replying =
    (type: string, content: string): LanguageServer["intercept"] =>
    (_, response) => {
      response.writeHead(200, { "content-type": type });
      response.end(content);
      return true;
    };
  const passing: readonly (readonly [name: string, fail: LanguageServer["intercept"]])[] = [
    ["500", (_, response) => send(response, 500, { error: { message: "out of memory" } })],
    [
      "a broken connection",
      (_, response) => {
        response.socket?.destroy();
        return true;
      },
    ],
    ["malformed JSON", replying("application/json", '{"choices": [')],
    ["another reply", replying("application/json", '{"choices": []}')],
    ["a web page", replying("text/html", "<html>")],
  ];
  it.each(passing)("%s is repeated", async (_, fail) => {
    const model = await open(server);
    const expected = await only(model, chat("a", "?"));
    failing(1, fail);
    expect(await only(model, chat("a", "?"))).toEqual(expected);
    expect(server.asked).toHaveLength(3);
  });

  it("no answer in time is repeated, then said", async () => {
    const model = await open(server, { timeoutSeconds: 0.2, retries: 1 });
    failing(1, () => true);
    expect((await only(model, chat("a", "?"))).text).toHaveLength(8);
    failing(2, () => true);
    const { message, code } = await failureOf(only(model, chat("b", "?")));
    expect(code).toBe("unavailable");
    expect(message).toBe(
      `model-endpoint: ${server.baseURL} gave no answer to "b" within 0.2 s (2 attempts); raise timeoutSeconds, or lower concurrency.`,
    );
  });

  it.each([
    ["a whole reply", "application/json", '{"choices": ['],
    ["a stream", "text/event-stream", 'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'],
  ])("%s that stops in the middle is no answer in time", async (_, type, beginning) => {
    const model = await open(server, { timeoutSeconds: 0.2, retries: 0 });
    failing(1, (__, response) => {
      response.writeHead(200, { "content-type": type });
      response.write(beginning);
      return true;
    });
    const answers = model.generate([chat("a", "?")], type === "text/event-stream" ? { onText: () => {} } : {});
    const { message } = await failureOf(all(answers));
    expect(message).toContain('gave no answer to "a" within 0.2 s; raise timeoutSeconds');
  });

  it.each([
    [
      { retries: 1 },
      500,
      { error: { message: "out of memory" } },
      'failed at "q" (2 attempts) (status 500: out of memory); look at its log, then run the same command to continue.',
    ],
    [
      {},
      401,
      { error: { message: "Incorrect API key provided: s3cret-key." } },
      "refused the API key (status 401: Incorrect API key provided: ***); give apiKey, or set MLAN_ENDPOINT_API_KEY.",
    ],
    [
      {},
      404,
      { error: { message: "The model `llava` does not exist." } },
      'has no model "llava" or no such address (status 404: The model `llava` does not exist); correct model or baseURL.',
    ],
    [
      {},
      400,
      { error: { message: "context length is 2048" } },
      'does not accept the request for "q" (status 400: context length is 2048); correct the options server and body, or the question.',
    ],
    [{ retries: 0 }, 200, { nothing: true }, 'sent something other than an answer to "q" (choices: '],
  ] as const)("%o: status %i ends in one sentence", async (options, status, reply, sentence) => {
    server.intercept = (_, response) => send(response, status, reply);
    const { message } = await failureOf(only(await open(server, { apiKey: "s3cret-key", ...options }), chat("q", "?")));
    expect(message).toContain(`model-endpoint: ${server.baseURL} ${sentence}`);
    expect(message).not.toContain("s3cret");
    expect(message).not.toContain("\n");
  });

  it("a server that is not there is said after one more attempt", async () => {
    const model = await open({ ...server, baseURL: "http://127.0.0.1:9/v1" });
    const { message } = await failureOf(only(model, chat("a", "?")));
    expect(message).toMatch(
      /127\.0\.0\.1:9\/v1 cannot be reached \(.+\) \(2 attempts\); start the server, or correct baseURL\.$/,
    );
  });

  it("a stream that is cut after its first piece is an error, and before it is repeated", async () => {
    const model = await open(server);
    const cut = (pieces: string): void =>
      failing(1, (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(pieces);
        return true;
      });
    const streamed = async (): Promise<string> => {
      let text = "";
      for await (const piece of streamAnswer(model, chat("a", "?"))) text += piece.text;
      return text;
    };
    const expected = await streamed();
    cut("");
    expect(await streamed()).toBe(expected);
    cut('data: {"choices":[{"delta":{"content":"half"}}]}\n\n');
    expect((await failureOf(streamed())).message).toContain("its stream ended before the answer did");
  });

  it("one failure ends the others", async () => {
    server.intercept = ({ body }, response) => JSON.stringify(body).includes("bad") && send(response, 400, {});
    server.before = () => new Promise(() => {});
    const model = await open(server);
    const answers = model.generate([chat("a", "good"), chat("b", "bad"), chat("c", "good")]);
    expect((await failureOf(all(answers))).message).toContain('the request for "b"');
  });

  it("text with images, and pictures that no server reads, are refused", async () => {
    const model = await open(server);
    const prompt = { kind: "raw", text: "<image>", beginOfSequence: true } as const;
    const raw = { id: "raw", prompt, images: [picture("a.png")], maximumNewTokens: 4 };
    expect((await failureOf(only(model, raw))).message).toContain("servers accept only in chats");
    const svg = picture("a.svg", Buffer.from("<svg/>"));
    expect((await failureOf(only(model, chat("b", "<image>", { images: [svg] })))).message).toContain(
      'image "a.svg" is in a format that servers do not support',
    );
    expect(server.asked).toEqual([]);
  });
});
