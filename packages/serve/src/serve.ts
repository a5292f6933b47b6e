import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { messageOf, type Model, MlanError, shownValue } from "@mlan/core";
import { type Admission, createAdmission } from "./admission.ts";
import { answerCompletion, type CompletionService, type Reply } from "./answer-completion.ts";
import { ApiError } from "./api-error.ts";
import { createBatcher } from "./batcher.ts";
import { CHAT, type CompletionKind, TEXT } from "./completion-kinds.ts";
import { httpReply } from "./http-reply.ts";
import { readBody } from "./read-body.ts";
import {
  type CheckedOptions,
  checkServeOptions,
  type ServeOptions,
  type ServeSettings,
  serveSettings,
} from "./serve-options.ts";
import type { SharedBody } from "./shared-fields.ts";

/** The methods of a model that the server needs. */
export type ServedModel = Pick<Model, "name" | "fingerprint" | "generate" | "maximumPositions" | "adapters">;

/** A running server. */
export interface ModelServer {
  /** The `baseURL` for clients, e.g. `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  /**
   * Stops accepting requests, and aborts answers that are pending after `shutdownSeconds`. Resolves when the model is
   * no longer in use.
   */
  close(): Promise<void>;
}

/** Limits on how long a client may take to send a request, in milliseconds. */
const RECEIVING = { requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 5000 };

/** Time in milliseconds that error responses for aborted answers may take to reach their clients. */
const FAREWELL_MILLISECONDS = 2000;

/**
 * Serves a model through an OpenAI-compatible API: `/v1/chat/completions`, `/v1/completions`, `/v1/models` and
 * `/health`. Requests that arrive together are answered in one batch. `model` may be a function that opens the model.
 * It is called once the server listens; until it returns, requests have status 503. Throws `invalid-options`,
 * `unavailable` when the server cannot listen, and the errors of the function.
 */
export async function serve(
  model: ServedModel | (() => Promise<ServedModel>),
  options: ServeOptions = {},
): Promise<ModelServer> {
  const checked = checkServeOptions(options);
  let service: Service | undefined;
  const ending = new AbortController();
  let closing: Promise<void> | undefined;
  const server = createServer(RECEIVING, async (request, response) => {
    const reply = httpReply(request, response, checked.requestSeconds, ending.signal);
    try {
      if (closing) throw new ApiError(503, "the server is closing.");
      checkHost(request, checked);
      if (!service) throw new ApiError(503, "the model is being loaded. Try again later.");
      await route(service, request, reply);
    } catch (error) {
      reply.error(error);
    } finally {
      reply.close();
      if (closing) server.closeIdleConnections();
    }
  });
  server.on("clientError", refuseUnreadable);
  await listen(server, checked);
  const { batcher } = (service = await opened(server, async () =>
    serviceOf(typeof model === "function" ? await model() : model, checked),
  ));
  async function close(): Promise<void> {
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    const late = new ApiError(503, "the server was closed before the answer was finished.");
    const patience = checked.shutdownSeconds * 1000;
    const timers = [
      setTimeout(() => ending.abort(late), patience),
      // Closes connections of clients that neither send nor read.
      setTimeout(() => server.closeAllConnections(), patience + FAREWELL_MILLISECONDS),
    ];
    await closed;
    for (const timer of timers) clearTimeout(timer);
    // Answers whose clients have disconnected take a little longer to stop.
    await batcher.idle();
  }

  return {
    url: `http://${hostOf(checked)}:${(server.address() as AddressInfo).port}/v1`,
    close: () => (closing ??= close()),
  };
}

interface Service extends CompletionService {
  readonly admission: Admission;
}

function serviceOf(model: ServedModel, checked: CheckedOptions): Service {
  const settings = serveSettings(checked, model);
  const batcher = createBatcher(model, settings);
  const admission = createAdmission(settings, () => batcher.size);
  const { adapters = [], fingerprint } = model;
  const { name } = settings;
  if (adapters.includes(name))
    throw new MlanError(
      "invalid-options",
      `serve: the model and one of its adapters are both named ${shownValue(name)}, so clients could not choose the adapter. Rename one of them.`,
    );
  return { batcher, settings, admission, adapters, fingerprint: fingerprint.slice(0, 16) };
}

/** Stops listening when the service cannot be opened. */
async function opened(server: Server, open: () => Promise<Service>): Promise<Service> {
  try {
    return await open();
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
}

async function route(service: Service, request: IncomingMessage, reply: Reply): Promise<void> {
  const { settings } = service;
  const { url = "/" } = request;
  const path = URL.canParse(url, "http://host") ? new URL(url, "http://host").pathname : url;
  if (path === "/health") return reply.json({ status: "ok", answering: service.batcher.size });
  checkKey(request, settings);
  const models = [settings.name, ...service.adapters].map((id) => ({
    id,
    object: "model",
    created: 0,
    owned_by: "mlan",
  }));
  const complete =
    <Body extends SharedBody>(kind: CompletionKind<Body>) =>
    async (): Promise<void> => {
      const admitted = service.admission.enter();
      try {
        const body = await readBody(request, settings.maximumBodyBytes, admitted);
        await answerCompletion(kind, service, body, reply);
      } finally {
        admitted.leave();
      }
    };
  const routes: Readonly<Record<string, readonly [method: string, answer: () => void | Promise<void>]>> = {
    "/v1/models": ["GET", () => reply.json({ object: "list", data: models })],
    ...Object.fromEntries(
      models.map((model) => [`/v1/models/${encodeURIComponent(model.id)}`, ["GET", () => reply.json(model)] as const]),
    ),
    "/v1/chat/completions": ["POST", complete(CHAT)],
    "/v1/completions": ["POST", complete(TEXT)],
  };
  const [method, answer] = Object.hasOwn(routes, path) ? (routes[path] ?? []) : [];
  if (method === undefined || answer === undefined) {
    const known = "/v1/chat/completions, /v1/completions, /v1/models and /health";
    throw new ApiError(404, `there is no ${path.slice(0, 100)}; this server has ${known}.`);
  }
  if (request.method !== method) throw new ApiError(405, `${path} needs the method ${method}, not ${request.method}.`);
  await answer();
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i;

/**
 * Refuses requests for other host names. Such a name may resolve to this machine, and a web page could use it to reach
 * a server meant for this machine only.
 */
function checkHost({ headers }: IncomingMessage, { host }: Pick<ServeSettings, "host">): void {
  const asked = (headers.host ?? "").replace(/:\d+$/, "");
  if (!LOOPBACK.test(host) || LOOPBACK.test(asked)) return;
  throw new ApiError(403, `this server is not ${JSON.stringify(asked.slice(0, 100))}. Use the host name ${host}.`);
}

function checkKey({ headers }: IncomingMessage, { apiKey }: ServeSettings): void {
  if (apiKey === undefined) return;
  const [, given = ""] = /^Bearer (.+)$/i.exec(headers.authorization ?? "") ?? [];
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  if (timingSafeEqual(digest(given), digest(apiKey))) return;
  throw new ApiError(401, "the API key is missing or wrong. Send it as Authorization: Bearer KEY.", {
    code: "invalid_api_key",
  });
}

/** Responds to a request that is not HTTP or arrives too slowly. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const isLate = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = isLate ? "408 Request Timeout" : "400 Bad Request";
  const problem = isLate ? "the request was not sent in time." : `the request cannot be read: ${messageOf(error)}.`;
  const body = JSON.stringify(new ApiError(isLate ? 408 : 400, problem).body);
  const head = [`HTTP/1.1 ${status}`, "content-type: application/json", `content-length: ${Buffer.byteLength(body)}`];
  socket.end([...head, "connection: close", "", body].join("\r\n"));
}

async function listen(server: Server, { host, port }: Pick<ServeSettings, "host" | "port">): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const remedy = Object(cause).code === "EADDRINUSE" ? " Choose another port, or 0 for any free port." : "";
    throw new MlanError("unavailable", `serve: cannot listen on ${host}:${port}: ${messageOf(cause)}.${remedy}`, {
      cause,
    });
  }
}

function hostOf({ host }: Pick<ServeSettings, "host">): string {
  return host.includes(":") ? `[${host}]` : host;
}
