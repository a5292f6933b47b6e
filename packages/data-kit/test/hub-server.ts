import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface HubServer {
  readonly endpoint: string;
  /** "GET /path" of every request, in order. */
  readonly requests: string[];
  /** Answers instead of the Hub while it returns true: for failures. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface HubRepository {
  readonly name: string;
  readonly commit: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Stored as large files: listed with their SHA-256, and served by a redirect to another host. */
  readonly large?: readonly string[];
  /** Only readable with this token. */
  readonly token?: string;
}

/** A server that speaks the Hub's endpoints for one dataset: revision, tree (in pages of two), and resolve. */
export async function hubServer(repository: HubRepository): Promise<HubServer> {
  const storage = await listen((request, response) => {
    if (request.headers.authorization) return response.writeHead(400).end("a token was sent to another host");
    return sendRange(request, response, repository.files[decodeURIComponent(request.url!.slice(1))]!, {});
  });
  const hub: HubServer = { endpoint: "", requests: [], intercept: () => false };
  const endpoint = await listen((request, response) => {
    hub.requests.push(`${request.method} ${request.url}`);
    if (!hub.intercept(request, response)) answer(repository, storage, endpoint, request, response);
  });
  return Object.assign(hub, { endpoint });
}

function answer(
  repository: HubRepository,
  storage: string,
  endpoint: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { name, commit, files, large = [], token } = repository;
  const url = new URL(request.url!, endpoint);
  if (token && request.headers.authorization !== `Bearer ${token}`) return sendError(response, 401, "GatedRepo");
  const resolved = new RegExp(`^/datasets/${name}/resolve/${commit}/(.+)$`).exec(url.pathname)?.[1];
  if (url.pathname === `/api/datasets/${name}/revision/main`)
    return sendJson(response, { _id: "1", id: name, sha: commit });
  if (url.pathname === `/api/datasets/${name}/tree/${commit}`) return sendTree(repository, endpoint, url, response);
  if (resolved === undefined) return sendError(response, 404, "RepoNotFound");
  const path = decodeURIComponent(resolved);
  const content = files[path];
  if (content === undefined) return sendError(response, 404, "EntryNotFound");
  if (large.includes(path)) {
    const headers = {
      location: `${storage}/${path}`,
      "x-linked-etag": `"${hash("sha256", content)}"`,
      "x-linked-size": String(Buffer.byteLength(content)),
    };
    response.writeHead(302, headers).end();
    return;
  }
  sendRange(request, response, content, { etag: `"${gitName(content)}"` });
}

function sendTree(
  { name, commit, files, large = [] }: HubRepository,
  endpoint: string,
  url: URL,
  response: ServerResponse,
): void {
  const start = Number(url.searchParams.get("cursor") ?? 0);
  const entries = Object.entries(files).map(([path, content]) => ({
    type: "file",
    path,
    size: Buffer.byteLength(content),
    oid: gitName(content),
    ...(large.includes(path) && {
      lfs: { oid: hash("sha256", content), size: Buffer.byteLength(content), pointerSize: 130 },
    }),
  }));
  const next = `<${endpoint}/api/datasets/${name}/tree/${commit}?recursive=true&cursor=${start + 2}>; rel="next"`;
  if (start + 2 < entries.length) response.setHeader("Link", next);
  sendJson(response, [{ type: "directory", path: "data", size: 0, oid: "0" }, ...entries.slice(start, start + 2)]);
}

function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  content: string | Uint8Array,
  headers: Record<string, string>,
): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (!range) {
    response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(content) }).end(content);
    return;
  }
  const bytes = Buffer.from(content as Uint8Array).subarray(Number(range[1]), Number(range[2]) + 1);
  const contentRange = `bytes ${range[1]}-${range[2]}/${Buffer.byteLength(content)}`;
  response.writeHead(206, { etag: '"storage"', ...headers, "content-range": contentRange }).end(bytes);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

function sendError(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { "x-error-code": code, "content-type": "application/json" })
    .end(JSON.stringify({ error: code }));
}

function hash(algorithm: string, content: string | Uint8Array): string {
  return createHash(algorithm).update(content).digest("hex");
}

function gitName(content: string | Uint8Array): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(content)}\0`)
    .update(content)
    .digest("hex");
}

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
