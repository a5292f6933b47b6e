import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, MlanError } from "@mlan/core";
import { html } from "./html.ts";

export interface LiveReportOptions {
  /** Returns the page for a state, see `ReportOptions.state`. Called on the first request for each state. */
  render(state: string): Promise<string>;
  /** Returns a short text that changes whenever the content of the page changes. */
  state(): Promise<string>;
  /** The port on the loopback address; 0 selects a free one. Default 0. */
  readonly port?: number;
  /** Seconds between two calls of `state` while a page is open. Default 2. */
  readonly pollSeconds?: number;
}

export interface LiveReport {
  /** E.g. `http://127.0.0.1:40123/`. */
  readonly url: string;
  /** Stops the server. Open pages no longer reload. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const ORIGIN = `http://${HOST}`;

/**
 * Serves a page to browsers on this machine. The page reloads whenever its state changes. Throws `unavailable` when the
 * server cannot listen on the port.
 */
export async function serveReport(options: LiveReportOptions): Promise<LiveReport> {
  const { port = 0, pollSeconds = 2 } = options;
  const pages = pageCache(options);
  const waiting = new Map<ServerResponse, string>();
  const server = createServer(async (request, response) => {
    const { url = "/" } = request;
    const { pathname, searchParams } = new URL(URL.canParse(url, ORIGIN) ? url : "/invalid", ORIGIN);
    if (!isLocal(request))
      return send(response, 403, "text/plain", "This page is only served to browsers on this machine.");
    if (request.method !== "GET") return send(response, 405, "text/plain", "Only GET is supported.");
    if (pathname === "/changes") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).write(":\n\n");
      waiting.set(response, searchParams.get("since") ?? "");
      response.on("close", () => waiting.delete(response));
      return;
    }
    if (pathname !== "/") return send(response, 404, "text/plain", "There is no such page. The only page is /.");
    try {
      send(response, 200, "text/html; charset=utf-8", await pages());
    } catch (error) {
      send(response, 503, "text/html; charset=utf-8", unreadable(messageOf(error), pollSeconds));
    }
  });
  const timer = setInterval(async () => {
    if (waiting.size === 0) return;
    const state = await options.state().catch(() => undefined);
    if (state === undefined) return;
    for (const [response, shown] of waiting) if (shown !== state) announce(response, state, waiting);
  }, pollSeconds * 1000);
  try {
    server.listen(port, HOST); // throws for a number that is no port
    await once(server, "listening");
  } catch (cause) {
    clearInterval(timer);
    const remedy = Object(cause).code === "EADDRINUSE" ? " Choose a different port, or 0 for any free port." : "";
    throw new MlanError("unavailable", `report: cannot listen on ${HOST}:${port}: ${messageOf(cause)}.${remedy}`, {
      cause,
    });
  }
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    async close() {
      clearInterval(timer);
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function announce(response: ServerResponse, state: string, waiting: Map<ServerResponse, string>): void {
  waiting.set(response, state); // once per change
  response.write(`data: ${JSON.stringify(state)}\n\n`);
}

/** Returns a function that renders the page for the newest state, only once per state. */
function pageCache({ render, state }: LiveReportOptions): () => Promise<string> {
  let newest: { readonly state: string; readonly page: Promise<string> } | undefined;
  return async () => {
    const now = await state();
    if (newest?.state !== now) {
      const page = render(now);
      newest = { state: now, page };
      page.catch(() => (newest = undefined));
    }
    return newest.page;
  };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

/** Returns a page with the error that a run cannot be read. The page reloads after `seconds`. */
function unreadable(problem: string, seconds: number): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="refresh" content="${Math.ceil(seconds)}" />
        <title>mlan report</title>
      </head>
      <body>
        <p>${problem}</p>
      </body>
    </html>`.markup;
}

/** Whether a request names this machine as its host. Otherwise it may come from another site (DNS rebinding). */
function isLocal({ headers }: IncomingMessage): boolean {
  return /^(?:localhost|127(?:\.\d+){3})(?::\d+)?$/i.test(headers.host ?? "");
}
