import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

export interface HubServer {
  readonly endpoint: string;
  /** "GET /path" of every request, in order. */
  readonly requests: string[];
  /** The requested byte range of each request for a file's content, in order. */
  readonly ranges: (string | undefined)[];
  /** Number of content bytes sent per request, without those sent by {@link HubServer.intercept}. */
  readonly sent: number[];
  /** Simulates failures. Returns true for a request that it has answered itself. */
  intercept: Intercept;
  /** Like {@link HubServer.intercept}, for the storage of large files. */
  interceptStorage: Intercept;
}

type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface HubContents {
  /** Default: "dataset". */
  readonly type?: "model" | "dataset";
  readonly name: string;
  readonly commit: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Files stored as large files: listed with their SHA-256, and served through a redirect to another host. */
  readonly large?: readonly string[];
  /** The token without which the repository cannot be read. */
  readonly token?: string;
  /** Whether the files can be listed without the token, as in a gated repository. Default false. */
  readonly listed?: boolean;
  /** Branches besides main, all at the same commit. */
  readonly branches?: readonly string[];
  /** An earlier name of the repository. Requests for it are redirected. */
  readonly formerName?: string;
}

/**
 * Starts a server with the Hub's endpoints for one repository: revision, tree (in pages of two), and resolve. It is
 * closed when the test ends.
 */
export async function hubServer(contents: HubContents): Promise<HubServer> {
  const hub: HubServer = {
    endpoint: "",
    requests: [],
    ranges: [],
    sent: [],
    intercept: () => false,
    interceptStorage: () => false,
  };
  const storage = await listen((request, response) => {
    if (request.headers.authorization) return response.writeHead(400).end("a token was sent to another host");
    if (hub.interceptStorage(request, response)) return response;
    return sendRange(hub, request, response, contents.files[decodeURIComponent(pathOf(request).slice(1))] ?? "");
  });
  const endpoint = await listen((request, response) => {
    hub.requests.push(`${request.method} ${request.url}`);
    if (pathOf(request).includes("/resolve/")) hub.ranges.push(request.headers.range);
    if (!hub.intercept(request, response)) answer({ hub, contents, storage, endpoint }, request, response);
  });
  return Object.assign(hub, { endpoint });
}

interface Place {
  readonly hub: HubServer;
  readonly contents: HubContents;
  readonly storage: string;
  readonly endpoint: string;
}

function answer(place: Place, request: IncomingMessage, response: ServerResponse): void {
  const { hub, contents, storage, endpoint } = place;
  const { type = "dataset", name, commit, files, large = [], token, listed, branches = [], formerName } = contents;
  const url = new URL(pathOf(request), endpoint);
  if (formerName && url.pathname.includes(formerName)) {
    response.writeHead(307, { location: pathOf(request).replace(formerName, name) }).end();
    return;
  }
  const page = type === "dataset" ? `datasets/${name}` : name;
  const resolved = new RegExp(`^/${page}/resolve/${commit}/(.+)$`).exec(url.pathname)?.[1];
  const revision = new RegExp(`^/api/${type}s/${name}/revision/([^/]+)$`).exec(url.pathname)?.[1];
  const isOpen = token === undefined || request.headers.authorization === `Bearer ${token}`;
  if (!isOpen && !(listed && resolved === undefined)) return sendError(response, 401, "GatedRepo");
  if (revision !== undefined) {
    if (!["main", ...branches].includes(decodeURIComponent(revision)))
      return sendError(response, 404, "RevisionNotFound");
    return sendJson(response, { _id: "1", id: name, sha: commit });
  }
  if (url.pathname === `/api/${type}s/${name}/tree/${commit}`) return sendTree(contents, endpoint, url, response);
  if (resolved === undefined) return sendError(response, 404, "RepoNotFound");
  const path = decodeURIComponent(resolved);
  const content = files[path];
  if (content === undefined) return sendError(response, 404, "EntryNotFound");
  if (large.includes(path)) {
    response.writeHead(302, { location: `${storage}/${path}` }).end();
    return;
  }
  sendRange(hub, request, response, content);
}

/** Sends the files of a commit, two per page. */
export function sendTree(
  { files, large = [] }: HubContents,
  endpoint: string,
  url: URL,
  response: ServerResponse,
): void {
  const { pathname, searchParams } = url;
  const start = Number(searchParams.get("cursor") ?? 0);
  const entries = Object.entries(files).map(([path, content]) => ({
    type: "file",
    path,
    size: Buffer.byteLength(content),
    oid: gitHash(content),
    ...(large.includes(path) && {
      lfs: { oid: sha256(content), size: Buffer.byteLength(content), pointerSize: 130 },
    }),
  }));
  const next = `<${endpoint}${pathname}?recursive=true&cursor=${start + 2}>; rel="next"`;
  if (start + 2 < entries.length) response.setHeader("Link", next);
  sendJson(response, [{ type: "directory", path: "data", size: 0, oid: "0" }, ...entries.slice(start, start + 2)]);
}

function sendRange(
  hub: HubServer,
  request: IncomingMessage,
  response: ServerResponse,
  content: string | Uint8Array,
): void {
  const whole = typeof content === "string" ? Buffer.from(content) : content;
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "bytes=0-")?.[1]);
  const bytes = whole.subarray(start);
  hub.sent.push(bytes.length);
  if (request.headers.range === undefined) {
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    return;
  }
  const contentRange = `bytes ${start}-${whole.length - 1}/${whole.length}`;
  response.writeHead(206, { "content-range": contentRange, "content-length": bytes.length }).end(bytes);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

export function sendError(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { "x-error-code": code, "content-type": "application/json" })
    .end(JSON.stringify({ error: code }));
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function gitHash(content: string | Uint8Array): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(content)}\0`)
    .update(content)
    .digest("hex");
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url;
}

/** Starts a server on a free port and returns its address. It is closed when the test ends. */
export async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<string> {
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}
