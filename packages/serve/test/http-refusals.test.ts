import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { postChat, served, tinyModel } from "./served-model.ts";

const model = await tinyModel();
const { server } = await served(model, { name: "tiny", maximumBodyBytes: 200_000 });
const asked = { model: "tiny", messages: [{ role: "user", content: "hello" }], max_tokens: 2 };

describe("a body that is too large", () => {
  it("is refused by its length, before it is read", async () => {
    const request = httpRequest(`${server.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": 2 ** 30 },
    });
    request.on("error", () => {}).flushHeaders();
    const [response] = await once(request, "response");
    expect(response.statusCode).toBe(413);
    expect(JSON.parse(Buffer.concat(await response.toArray()).toString())).toMatchObject({
      error: { message: "the body is larger than 0.2 MB, the maximum of this server. Send smaller images." },
    });
    request.destroy();
  });

  it("is refused while it comes, in bounded memory, and its sender reads the answer", async () => {
    const before = process.memoryUsage().rss;
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    socket.write("transfer-encoding: chunked\r\n\r\n");
    const piece = Buffer.from(`100000\r\n${" ".repeat(2 ** 20)}\r\n`);
    for (let sent = 0; sent < 512; sent++) if (!socket.write(piece)) await once(socket, "drain");
    socket.write("0\r\n\r\n");
    const text = Buffer.concat(await socket.toArray()).toString();
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain("the body is larger than 0.2 MB");
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
  });
});

it("other paths, methods and content types are refused", async () => {
  const url = server.url.replace("/v1", "");
  const statusOf = async (path: string, options?: RequestInit): Promise<unknown> => {
    const response = await fetch(url + path, options);
    return [response.status, Object(await response.json()).error?.message];
  };
  expect(await statusOf("/health")).toEqual([200, undefined]);
  expect(await statusOf("/v1/embeddings")).toEqual([
    404,
    expect.stringMatching(/there is no \/v1\/embeddings; this server has/),
  ]);
  expect(await statusOf("/v1/chat/completions")).toEqual([405, "/v1/chat/completions needs the method POST, not GET."]);
  expect(await statusOf("/v1/chat/completions", { method: "POST", body: "{}" })).toEqual([
    415,
    'the content type is "text/plain;charset=UTF-8". Send application/json.',
  ]);
});

it("what is not HTTP gets an error in the same form", async () => {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.end("hello there\r\n\r\n");
  const text = Buffer.concat(await socket.toArray()).toString();
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({ error: { type: "invalid_request_error" } });
});

it("a web page that gives another name to this machine is refused", async () => {
  const request = httpRequest(server.url.replace("/v1", "/health"), { headers: { host: "evil.example:80" } });
  request.end();
  const [response] = await once(request, "response");
  expect(response.statusCode).toBe(403);
  response.resume();
});

it("a path that is none is refused, and names of this machine are known in capitals too", async () => {
  const statusOf = async (path: string, host: string): Promise<number | undefined> => {
    const request = httpRequest(server.url, { path, headers: { host } }).end();
    const [response] = await once(request, "response");
    response.resume();
    return response.statusCode;
  };
  expect(await statusOf("//", "localhost")).toBe(404);
  expect(await statusOf("http://[", "localhost")).toBe(404);
  expect(await statusOf("/health", "LOCALHOST:8000")).toBe(200);
});

it("an API key is asked for, but not by /health", async () => {
  const keyed = await served(model, { name: "tiny", apiKey: "secret" });
  expect((await keyed.client.models.list()).data).toHaveLength(1);
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: "secret" }] as Record<
    string,
    string
  >[]) {
    const { status, error } = await postChat(keyed.server.url, asked, headers);
    expect([status, error.type, error.code]).toEqual([401, "authentication_error", "invalid_api_key"]);
  }
  expect((await fetch(keyed.server.url.replace("/v1", "/health"))).status).toBe(200);
});
