import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { GenerationOptions, GenerationRequest, Model } from "@mlan/core";
import { serve } from "@mlan/serve";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { served, tinyModel } from "./served-model.ts";

const model = await tinyModel();

/** Returns the model, the number of requests in each of its batches, and the reasons why answers ended. */
function observed(begin: () => Promise<void> = async () => {}) {
  const batches: number[] = [];
  const finishes: string[] = [];
  async function* generate(requests: readonly GenerationRequest[], options?: GenerationOptions) {
    batches.push(requests.length);
    await begin();
    for await (const answer of model.generate(requests, options)) {
      finishes.push(answer.finish);
      yield answer;
    }
  }
  const { name, fingerprint, maximumPositions = 0 } = model;
  const watched: Pick<Model, "name" | "fingerprint" | "generate" | "maximumPositions"> = {
    name,
    fingerprint,
    maximumPositions,
    generate,
  };
  return { model: watched, batches, finishes };
}

const asked = { model: "tiny", messages: [{ role: "user" as const, content: "hello" }], temperature: 0, max_tokens: 4 };
const long = { ...asked, max_tokens: 250, messages: [{ role: "user" as const, content: "on and on" }] };

describe("requests", () => {
  it("that arrive while others are answered are one batch, as large as may be", async () => {
    const opened = Promise.resolve();
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { model: watched, batches } = observed(() => (batches.length === 1 ? gate : opened));
    const { client, server } = await served(watched, { batchSize: 6, maximumBatches: 1 });
    const first = client.chat.completions.create(asked);
    await expect.poll(() => batches).toEqual([1]);
    const later = Array.from({ length: 7 }, () => client.chat.completions.create(asked));
    const health = async (): Promise<unknown> => (await fetch(server.url.replace("/v1", "/health"))).json();
    await expect.poll(health).toEqual({ status: "ok", answering: 8 });
    open();
    const texts = (await Promise.all([first, ...later])).map(({ choices }) => choices[0]?.message.content);
    expect(new Set(texts).size).toBe(1);
    expect(batches).toEqual([1, 6, 1]);
    expect(await health()).toEqual({ status: "ok", answering: 0 });
  });

  it("begin at once in another batch while one is answered, with the same answers", async () => {
    const { model: watched, finishes } = observed();
    const { client } = await served(watched, { batchSize: 1 });
    const messages = [{ role: "user" as const, content: "hello there" }];
    const short = { ...asked, messages, max_tokens: 12 };
    const alone = await Promise.all([client.chat.completions.create(short), client.chat.completions.create(long)]);
    finishes.length = 0;
    const order: string[] = [];
    const running = await client.chat.completions.create({ ...long, stream: true });
    let text = "";
    const reading = (async () => {
      for await (const { choices } of running) text += choices[0]?.delta.content ?? "";
      order.push("long");
    })();
    const later = await client.chat.completions.create(short);
    order.push("short");
    await reading;
    expect(order).toEqual(["short", "long"]);
    expect([later.choices[0]?.message.content, text]).toEqual(alone.map(({ choices }) => choices[0]?.message.content));
  });

  it("whose client hangs up end, and others beside them do not", async () => {
    const { model: watched, finishes } = observed();
    const { client } = await served(watched);
    const leaving = new AbortController();
    const left = client.chat.completions.create({ ...long, stream: true }, { signal: leaving.signal });
    const whole = client.chat.completions.create(asked);
    for await (const _ of await left) break;
    leaving.abort();
    expect((await whole).choices[0]?.finish_reason).toBe("length");
    await expect.poll(() => finishes.toSorted()).toEqual(["aborted", "length"]);
    expect((await client.chat.completions.create(asked)).choices).toHaveLength(1);
  });

  it("that wait when their client hangs up are never computed", async () => {
    const { model: watched, batches } = observed();
    const { client } = await served(watched, { batchSize: 1, maximumBatches: 1 });
    const running = client.chat.completions.create({ ...asked, max_tokens: 100 });
    await expect.poll(() => batches.length, { interval: 1 }).toBe(1);
    const leaving = new AbortController();
    const waiting = client.chat.completions.create(asked, { signal: leaving.signal });
    await setTimeout(20);
    leaving.abort();
    await expect(waiting).rejects.toThrow(OpenAI.APIUserAbortError);
    await running;
    await client.chat.completions.create(asked);
    expect(batches).toEqual([1, 1]);
  });

  it("are refused when too many wait", async () => {
    const { client } = await served(model, { batchSize: 1, maximumWaiting: 2 });
    const all = Array.from({ length: 5 }, () => client.chat.completions.create({ ...asked, max_tokens: 40 }));
    const settled = await Promise.allSettled(all);
    const refused = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refused).toHaveLength(3);
    for (const error of refused) expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  });

  it("are refused for good when one asks for more answers than may ever wait", async () => {
    const { client } = await served(model, { maximumWaiting: 2 });
    await expect(client.chat.completions.create({ ...asked, n: 3 })).rejects.toMatchObject({
      status: 400,
      param: "n",
      message: expect.stringContaining("n is 3; this server gives at most 2 answers at a time."),
    });
  });

  it("that take too long end with an error, in a stream too", async () => {
    const { client } = await served(model, { requestSeconds: 0.05 });
    await expect(client.chat.completions.create(long)).rejects.toMatchObject({
      status: 504,
      message: expect.stringMatching(/took longer than 0\.05 seconds/),
    });
    const reading = async (): Promise<void> => {
      for await (const _ of await client.chat.completions.create({ ...long, stream: true }));
    };
    await expect(reading()).rejects.toThrow(/took longer than 0\.05 seconds/);
  });
});

describe("a request is refused before its body is read,", () => {
  /**
   * Sends the headers of a request with a body of this many bytes, but not the body. Resolves once the server has begun
   * to handle the request.
   */
  async function announced(url: string, bytes: number) {
    const request = httpRequest(`${url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": bytes, expect: "100-continue" },
    });
    request.on("error", () => {}).flushHeaders();
    const answer = once(request, "response").then(async ([response]: IncomingMessage[]) => {
      const text = Buffer.concat((await response?.toArray()) ?? []).toString();
      return { status: response?.statusCode, after: response?.headers["retry-after"], text };
    });
    answer.catch(() => {});
    await once(request, "continue");
    return { request, answer };
  }

  it("when the bodies of others fill the memory for them", async () => {
    const { server, client } = await served(model, { maximumBodyBytes: 10_000, maximumHeldBytes: 15_000 });
    const first = await announced(server.url, 9000);
    const second = await announced(server.url, 9000);
    expect(await second.answer).toEqual({
      status: 503,
      after: "1",
      text: expect.stringContaining("have 0.0 MB, the maximum of this server"),
    });
    second.request.destroy();
    const large = { ...asked, user: "u".repeat(7000) };
    await expect(client.chat.completions.create(large)).rejects.toMatchObject({ status: 503 });
    expect((await client.chat.completions.create(asked)).choices).toHaveLength(1);
    first.request.destroy();
    const again = async (): Promise<number> => (await client.chat.completions.create(large)).choices.length;
    await expect.poll(again).toBe(1);
    // What was answered is held no longer.
    for (let count = 0; count < 3; count++) expect(await again()).toBe(1);
  });

  it("when as many as may be are being received", async () => {
    const { server } = await served(model, { maximumWaiting: 1 });
    const first = await announced(server.url, 1000);
    const second = await announced(server.url, 1000);
    expect(await second.answer).toEqual({
      status: 429,
      after: "1",
      text: expect.stringContaining("1 answer is pending, the maximum is"),
    });
    for (const { request } of [first, second]) request.destroy();
  });
});

describe("a model that is opened by the server", () => {
  it("is opened once the port is taken; requests before that are told to come back", async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const port = await freePort();
    const serving = serve(
      async () => {
        await gate;
        return model;
      },
      { port },
    );
    const health = async (): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}/health`);
      return [response.status, await response.text()];
    };
    await expect.poll(health).toEqual([503, expect.stringContaining("the model is being loaded")]);
    const refused = serve(() => Promise.reject(new Error("was opened")), { port });
    await expect(refused).rejects.toThrow(`serve: cannot listen on 127.0.0.1:${port}: `);
    open();
    const server = await serving;
    expect(await health()).toEqual([200, '{"status":"ok","answering":0}']);
    await server.close();
  });

  it("and cannot be opened leaves no server behind", async () => {
    const port = await freePort();
    const damaged = new Error("damaged");
    await expect(serve(() => Promise.reject(damaged), { port })).rejects.toBe(damaged);
    const server = await serve(model, { port });
    await server.close();
  });

  async function freePort(): Promise<number> {
    const server = await serve(model, { port: 0 });
    await server.close();
    return Number(new URL(server.url).port);
  }
});

describe("a server that closes", () => {
  it("finishes what has begun, and takes nothing more", async () => {
    const server = await serve(model, { port: 0 });
    const client = new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
    const stream = await client.chat.completions.create({ ...asked, max_tokens: 60, stream: true });
    const reasons: unknown[] = [];
    let closed: Promise<void> | undefined;
    for await (const { choices } of stream) {
      closed ??= server.close();
      reasons.push(choices[0]?.finish_reason);
    }
    await closed;
    expect(reasons.at(-1)).toBe("length");
    await expect(client.models.list()).rejects.toThrow(OpenAI.APIConnectionError);
  });

  it("ends when the model is no longer used, for answers that nobody waits for too", async () => {
    const order: string[] = [];
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { model: watched, batches } = observed(async () => {
      await gate;
      order.push("model");
    });
    const server = await serve(watched, { port: 0 });
    const client = new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
    const leaving = new AbortController();
    const left = client.chat.completions.create(asked, { signal: leaving.signal });
    await expect.poll(() => batches).toEqual([1]);
    leaving.abort();
    await expect(left).rejects.toThrow(OpenAI.APIUserAbortError);
    const closing = [server.close(), server.close()].map((closed) => closed.then(() => order.push("closed")));
    await expect(client.models.list()).rejects.toThrow(OpenAI.APIConnectionError);
    // Long enough for the connections to end.
    await setTimeout(50);
    open();
    await Promise.all(closing);
    expect(order).toEqual(["model", "closed", "closed"]);
  });

  it("ends what takes too long", async () => {
    const server = await serve(model, { port: 0, shutdownSeconds: 0.05 });
    const client = new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
    const answer = client.chat.completions.create(long);
    const caught = answer.catch((error: unknown) => error);
    await setTimeout(30);
    await server.close();
    expect(await caught).toMatchObject({ status: 503 });
  });
});

it("options and ports that cannot be are refused", async () => {
  await expect(serve(model, { port: 70_000 })).rejects.toThrow(
    /^serve: option "port": expected .* at most 65535, found 70000\.$/,
  );
  await expect(serve(model, { batchSize: 0 })).rejects.toThrow(/"batchSize"/);
  await expect(serve(model, { maximumBodyBytes: 9, maximumHeldBytes: 8 })).rejects.toThrow(
    /^serve: option "maximumHeldBytes" is 8, less than the 9 bytes that one body may have\. Raise it, /,
  );
  const { server } = await served(model);
  const port = Number(new URL(server.url).port);
  await expect(serve(model, { port })).rejects.toThrow(`serve: cannot listen on 127.0.0.1:${port}: `);
});
