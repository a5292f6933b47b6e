import { MlanError } from "@mlan/core";
import { openRepository } from "@mlan/hub";
import { type HubServer, hubServer, peakBytes, temporaryFolder } from "@mlan/testing";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { gzipSync } from "node:zlib";
import { withoutHubVariables } from "./hub-environment.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const NAME = "acme/rows";
const CONTENT = "x".repeat(50_000);
const FILES = { "small.bin": CONTENT, "large.bin": CONTENT };
const OID = "0".repeat(40);

beforeEach(() => {
  withoutHubVariables();
  return () => vi.unstubAllEnvs();
});

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

/** Hostile responses to any request. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  nothing: () => undefined,
  "a closed connection": (response) => response.destroy(),
  "no body": (response) => response.end(),
  "a header that ends": (response) => {
    response.writeHead(200, { "content-length": 100 }).flushHeaders();
    setTimeout(() => response.destroy(), 20);
  },
  "another protocol": (response) => response.socket?.end("SSH-2.0-OpenSSH_9.6\r\n"),
  "a page of a portal": (response) => response.setHeader("content-type", "text/html").end("<html>Log in</html>"),
  "a drip": (response) => drip(response, "x"),
  "a drip of headers": ({ socket }) => {
    socket?.write("HTTP/1.1 200 OK\r\n");
    const timer = setInterval(() => socket?.write(`x-${Date.now()}: 1\r\n`), 20);
    socket?.once("close", () => clearInterval(timer));
  },
  "huge headers": ({ socket }) => socket?.end(`HTTP/1.1 200 OK\r\nx-long: ${"x".repeat(10_000_000)}\r\n\r\n`),
  "a huge reason": ({ socket }) => socket?.end(`HTTP/1.1 400 ${"x".repeat(10_000)}\r\ncontent-length: 0\r\n\r\n`),
  "a body without end": (response) => flood(response, Buffer.alloc(2 ** 20, 120)),
  "a gzip bomb": (response) => {
    response.setHeader("content-encoding", "gzip");
    for (let member = 0; member < 28; member++) response.write(BOMB);
    response.end();
  },
  "damaged gzip": (response) => response.setHeader("content-encoding", "gzip").end("no gzip"),
  "damaged chunks": ({ socket }) => socket?.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx"),
  "two lengths": ({ socket }) => socket?.end("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"),
  "a redirect to itself": (response, { url }) => response.writeHead(302, { location: url ?? "/" }).end(),
  "a redirect to a closed port": (response) => response.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
  "a redirect without a place": (response) => response.writeHead(302).end(),
  "a status that does not exist": ({ socket }) => socket?.end("HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"),
  "no content": (response) => response.writeHead(204).end(),
  "not modified": (response) => response.writeHead(304).end(),
  "a message with control characters": ({ socket }) =>
    socket?.end("HTTP/1.1 400 Bad\r\nx-error-message: a\u001b[31mb\r\ncontent-length: 0\r\n\r\n"),
  "a wait of a year": (response) => response.writeHead(400, { "retry-after": "31536000" }).end(),
};
const BOMB = gzipSync(Buffer.alloc(10 * 2 ** 20, 32));

/** Hostile responses to a request for the list of files. A text is sent unchanged. */
const LISTS: Readonly<Record<string, unknown>> = {
  null: null,
  "an object": { error: "none" },
  "a text": '"files"',
  "numbers for files": [1, 2, 3],
  "a file without path": [{ type: "file", size: 1, oid: OID }],
  "a path that is no text": [{ type: "file", path: 5, size: 1, oid: OID }],
  "a negative size": [{ type: "file", path: "small.bin", size: -1, oid: OID }],
  "an infinite size": `[{"type":"file","path":"small.bin","size":1e999,"oid":"${OID}"}]`,
  "a fractional size": [{ type: "file", path: "small.bin", size: 1.5, oid: OID }],
  "an absurd size": [{ type: "file", path: "small.bin", size: Number.MAX_SAFE_INTEGER, oid: OID }],
  "a checksum that is none": [{ type: "file", path: "small.bin", size: 1, oid: "../../x" }],
  "a large file without checksum": [{ type: "file", path: "small.bin", size: 1, oid: OID, lfs: {} }],
  "the wrong checksum": [{ type: "file", path: "small.bin", size: CONTENT.length, oid: OID }],
  "a file below a file": ["small.bin/x", "small.bin"].map((path) => ({ type: "file", path, size: 0, oid: OID })),
  "a name of 300 bytes": [{ type: "file", path: "x".repeat(300), size: 0, oid: OID }],
  "a lone surrogate": [{ type: "file", path: "\ud800", size: 0, oid: OID }],
  "a path out of the cache": [{ type: "file", path: "../../../x", size: 0, oid: OID }],
  "a prototype": '[{"type":"file","path":"__proto__","size":0,"oid":"0","__proto__":{"x":1}}]',
  "nothing for a file": [{ type: "file" }],
  "no files": [],
};

describe.each(["/revision/", "/tree/", "/resolve/", "the storage"])("%s answers with", (target) => {
  test.each(Object.keys(ANSWERS))("%s", async (name) => {
    const hub = await server();
    const answer = ANSWERS[name];
    const intercept = (request: IncomingMessage, response: ServerResponse): boolean => {
      if (target !== "the storage" && !request.url?.includes(target)) return false;
      answer?.(response, request);
      return true;
    };
    if (target === "the storage") hub.interceptStorage = intercept;
    else hub.intercept = intercept;
    const error = await outcome(hub);
    expect(MlanError.is(error, "unavailable"), String(error)).toBe(true);
    expect(String(error).length).toBeLessThan(1000);
    expect(String(error)).not.toMatch(/\p{Cc}/u);
  });
});

describe("a list holds", () => {
  test.each(Object.keys(LISTS))("%s", async (name) => {
    const hub = await server();
    const list = LISTS[name];
    const text = typeof list === "string" ? list : JSON.stringify(list);
    hub.intercept = ({ url }, response) => Boolean(url?.includes("/tree/")) && Boolean(response.end(text));
    const error = await outcome(hub);
    expect(MlanError.is(error), String(error)).toBe(true);
  });
});

describe("a list of pages", () => {
  test("that lead back to one before is refused", async () => {
    const hub = await server();
    hub.intercept = (request, response) => isPage(hub, request, response, (page) => (page + 1) % 7);
    expect(String(await outcome(hub, { timeout: LONG }))).toContain("sent pages that link back to an earlier one");
  });

  test("without end is refused", async () => {
    const hub = await server();
    hub.intercept = (request, response) => isPage(hub, request, response, (page) => page + 1);
    expect(String(await outcome(hub, { timeout: LONG }))).toContain("sent more than 500 pages");
  });

  test("that drip is given up", async () => {
    const hub = await server();
    hub.intercept = ({ url }, response) => Boolean(url?.includes("/tree/")) && Boolean(drip(response, " "));
    expect(String(await outcome(hub))).toContain("fewer than 16 KiB arrived in 0.3 s");
  });
});

test("a file that no disk has room for is not begun", async () => {
  const hub = await server();
  const list = JSON.stringify(LISTS["an absurd size"]);
  hub.intercept = ({ url }, response) => Boolean(url?.includes("/tree/")) && Boolean(response.end(list));
  expect(String(await outcome(hub))).toContain("the disk is full; small.bin needs 9007199254740991 bytes");
  expect(hub.ranges).toEqual([]);
});

test("of files that no disk has room for together, none is begun", async () => {
  const hub = await server();
  const size = Number.MAX_SAFE_INTEGER / 2 - 0.5;
  const list = ["one.bin", "two.bin"].map((path) => ({ type: "file", path, size, oid: OID }));
  const small = { type: "file", path: "small.bin", size: CONTENT.length, oid: OID };
  hub.intercept = ({ url }, response) =>
    Boolean(url?.includes("/tree/")) && Boolean(response.end(JSON.stringify([small, ...list])));
  const files = await openAll(hub, temporaryFolder(), LONG);
  await expect(files.download(["small.bin", "one.bin", "two.bin"])).rejects.toThrow(
    /^hub: the disk is full; 3 files need \d+ bytes at .*Free some space, or set HF_HUB_CACHE to a folder on another disk\.$/,
  );
  expect(hub.ranges).toEqual([]);
});

test("a file that drips is given up, however often it is asked for", async () => {
  const hub = await server();
  hub.intercept = ({ url }, response) => Boolean(url?.includes("/resolve/")) && Boolean(drip(response, "x"));
  expect(String(await outcome(hub))).toContain("2 times in a row (last: fewer than 16 KiB arrived in 0.3 s)");
});

test("after all that, the same cache gives the right bytes", async () => {
  const hub = await server();
  const cache = temporaryFolder();
  for (const answer of Object.values(ANSWERS)) {
    hub.intercept = (request, response) => {
      if (!request.url?.includes("/resolve/")) return false;
      answer(response, request);
      return true;
    };
    await outcome(hub, { cache });
  }
  hub.intercept = () => false;
  const files = await openAll(hub, cache, LONG);
  for (const path of Object.keys(FILES)) expect(await readFile(await files.local(path), "utf8")).toBe(CONTENT);
});

function server(): Promise<HubServer> {
  return hubServer({ name: NAME, commit: COMMIT, files: FILES, large: ["large.bin"] });
}

/** Timeouts in milliseconds: a short one for responses that must come too late, and a long one for all others. */
const [SHORT, LONG] = [300, 30_000];

function openAll({ endpoint }: HubServer, cache: URL, timeout: number) {
  return openRepository({
    type: "dataset",
    repository: NAME,
    revision: "main",
    endpoint,
    cache,
    attempts: 2,
    retryDelay: 0,
    timeout,
  });
}

/**
 * Reads everything, and checks that this takes little time and memory. Returns the error; undefined if there is none.
 */
async function outcome(
  hub: HubServer,
  { cache, timeout = SHORT }: { readonly cache?: URL; readonly timeout?: number } = {},
): Promise<unknown> {
  const [started, peakBefore] = [Date.now(), peakBytes()];
  const work = async (): Promise<void> => {
    const files = await openAll(hub, cache ?? temporaryFolder(), timeout);
    for (const path of [...files.paths, ...Object.keys(FILES)]) {
      await files.local(path);
    }
  };
  const error: unknown = await work().catch((thrown: unknown) => thrown);
  expect(Date.now() - started).toBeLessThan(10_000);
  expect(peakBytes() - peakBefore).toBeLessThan(1e9);
  return error;
}

function drip(response: ServerResponse, byte: string): true {
  const timer = setInterval(() => response.write(byte), 20);
  response.once("close", () => clearInterval(timer));
  return true;
}

function flood(response: ServerResponse, bytes: Uint8Array): void {
  const send = (): void => {
    while (!response.destroyed && response.write(bytes));
  };
  response.on("drain", send);
  send();
}

/** Responds with an empty page of the list that links to another page. */
function isPage(
  { endpoint }: HubServer,
  { url }: IncomingMessage,
  response: ServerResponse,
  next: (page: number) => number,
): boolean {
  if (!url?.includes("/tree/")) return false;
  const { pathname, searchParams } = new URL(url, endpoint);
  const page = next(Number(searchParams.get("cursor") ?? 0));
  response.setHeader("link", `<${endpoint}${pathname}?cursor=${page}>; rel="next"`);
  return Boolean(response.end("[]"));
}
