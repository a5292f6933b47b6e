import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type HubContents, listen, sendError, sendJson, sendTree } from "./hub-server.ts";

export interface HubUploadServer {
  readonly endpoint: string;
  /** "PUT /path" of every request to the Hub and its storage, in order. */
  readonly requests: string[];
  readonly repositories: ReadonlyMap<string, UploadedRepository>;
  /** Simulates failures. Returns true for a request that it has answered itself. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface UploadedRepository {
  readonly visibility: string;
  /** The titles of the repository's commits. */
  readonly titles: string[];
  readonly files: Map<string, Uint8Array>;
  /** The paths of files stored with Git LFS. */
  readonly large: Set<string>;
}

export interface HubUploadOptions {
  /** The token with write access. */
  readonly token: string;
  /**
   * Size in bytes above which files are uploaded in parts of this size. Default: every file is uploaded in one part.
   */
  readonly partSize?: number;
}

/**
 * Starts a server with the Hub's endpoints for uploading models (create, preupload, Git LFS, commit) and for listing.
 * It is closed when the test ends.
 */
export async function hubUploadServer({ token, partSize = Infinity }: HubUploadOptions): Promise<HubUploadServer> {
  const state: State = {
    endpoint: "",
    requests: [],
    repositories: new Map(),
    objects: new Map(),
    parts: new Map(),
    partSize,
    intercept: () => false,
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const { method = "", url = "/" } = request;
    state.requests.push(`${method} ${url}`);
    if (state.intercept(request, response)) return;
    const body = await bodyOf(request).catch(() => undefined);
    if (!body) return response.destroy();
    if (url.startsWith("/storage/")) return store(state, url, body, response);
    if (request.headers.authorization !== `Bearer ${token}`) return sendError(response, 403, "Forbidden");
    return answer(state, url, body, response);
  };
  return Object.assign(state, { endpoint: await listen((request, response) => void handle(request, response)) });
}

interface State extends HubUploadServer {
  readonly repositories: Map<string, UploadedRepository>;
  /** The contents of large files, by their SHA-256. */
  readonly objects: Map<string, Uint8Array>;
  /** The uploaded parts of large files, by the file's SHA-256 and the number of the part. */
  readonly parts: Map<string, Uint8Array>;
  readonly partSize: number;
}

function answer(state: State, url: string, body: Buffer, response: ServerResponse): void {
  const json = (): Record<string, unknown> => Object(JSON.parse(body.toString()));
  if (url === "/api/repos/create") return create(state, json(), response);
  const [, name = "", rest = ""] = /^\/(?:api\/models\/)?([^/]+\/[^/]+?)(?:\.git)?\/(.*)$/.exec(url) ?? [];
  const repository = state.repositories.get(name);
  if (!repository) return sendError(response, 404, "RepoNotFound");
  const commit = headOf(repository);
  if (rest.startsWith("revision/main")) return sendJson(response, { _id: "1", id: name, sha: commit });
  if (rest.startsWith("tree/")) {
    const contents: HubContents = {
      name,
      commit,
      files: Object.fromEntries(repository.files),
      large: [...repository.large],
    };
    return sendTree(contents, state.endpoint, new URL(url, state.endpoint), response);
  }
  if (rest === "preupload/main") {
    const files = [json()["files"]]
      .flat()
      .map((file) => ({ path: Object(file).path, uploadMode: modeOf(Object(file).path) }));
    return sendJson(response, { files });
  }
  if (rest === "info/lfs/objects/batch") {
    const objects = [json()["objects"]].flat().map((one) => lfsObject(state, Object(one)));
    return sendJson(response, { transfer: "basic", objects });
  }
  if (rest === "commit/main") return addCommit(state, repository, body.toString(), response);
  return sendError(response, 404, "EntryNotFound");
}

function create({ repositories, endpoint }: State, asked: Record<string, unknown>, response: ServerResponse): void {
  const name = `${asked["organization"]}/${asked["name"]}`;
  if (repositories.has(name)) return sendError(response, 409, "Conflict");
  const files = new Map([[".gitattributes", Buffer.from("*.bin filter=lfs\n")]]);
  repositories.set(name, {
    visibility: String(asked["visibility"]),
    titles: ["initial commit"],
    files,
    large: new Set(),
  });
  sendJson(response, { url: `${endpoint}/${name}`, id: name });
}

function modeOf(path: string): "lfs" | "regular" {
  return /\.(bin|safetensors|model)$/.test(path) ? "lfs" : "regular";
}

function headOf({ titles }: UploadedRepository): string {
  return createHash("sha1").update(JSON.stringify(titles)).digest("hex");
}

function lfsObject(
  { objects, endpoint, partSize }: State,
  { oid, size }: { readonly oid: string; readonly size: number },
): object {
  if (objects.has(oid)) return { oid, size };
  const href = `${endpoint}/storage/${oid}`;
  if (size <= partSize) return { oid, size, actions: { upload: { href } } };
  const count = Math.ceil(size / partSize);
  const parts = Array.from({ length: count }, (_, index) => [`0000${index + 1}`.slice(-5), `${href}/${index + 1}`]);
  const header = { chunk_size: `${partSize}`, ...Object.fromEntries(parts) };
  return { oid, size, actions: { upload: { href: `${href}/complete`, header } } };
}

function store({ objects, parts }: State, url: string, body: Buffer, response: ServerResponse): void {
  if (body.length === 0) return sendError(response, 501, "NotImplemented");
  const [, oid = "", part] = /^\/storage\/([0-9a-f]+)(?:\/(\w+))?$/.exec(url) ?? [];
  if (part !== undefined && part !== "complete") {
    parts.set(`${oid}/${part}`, body);
    response.setHeader("etag", `"${part}"`).end();
    return;
  }
  const numbers = part === undefined ? [] : [Object(JSON.parse(body.toString())).parts].flat();
  const bytes =
    part === undefined
      ? body
      : Buffer.concat(numbers.map(({ partNumber }) => parts.get(`${oid}/${partNumber}`) ?? Buffer.from("missing")));
  if (createHash("sha256").update(bytes).digest("hex") !== oid) return sendError(response, 400, "WrongChecksum");
  objects.set(oid, bytes);
  response.end();
}

function addCommit(state: State, repository: UploadedRepository, lines: string, response: ServerResponse): void {
  const operations = lines.split("\n").map((line) => Object(JSON.parse(line)));
  const parent = operations.find(({ key }) => key === "header")?.value.parentCommit;
  if (parent !== undefined && parent !== headOf(repository)) return sendError(response, 412, "StaleParent");
  for (const { key, value } of operations) {
    if (key === "header") repository.titles.push(value.summary);
    if (key === "deletedFile") repository.files.delete(value.path);
    if (key === "file") repository.files.set(value.path, Buffer.from(value.content, "base64"));
    if (key !== "lfsFile") continue;
    const bytes = state.objects.get(value.oid);
    if (!bytes) return sendError(response, 400, "MissingObject");
    repository.files.set(value.path, bytes);
    repository.large.add(value.path);
  }
  sendJson(response, { commitOid: headOf(repository), commitUrl: state.endpoint });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
