import type { IncomingMessage, ServerResponse } from "node:http";
import type { Reply } from "./answer-completion.ts";
import { ApiError, apiErrorOf } from "./api-error.ts";

/**
 * The rest of a refused body is received and discarded, so that the client can read the response. A client that
 * meanwhile sends nothing for this long is disconnected. The server's `requestTimeout` ends a body that never stops.
 */
const LONGEST_PAUSE_MILLISECONDS = 10_000;

/** Number of seconds after which a client that was refused for lack of room may try again. */
const RETRY_SECONDS = "1";

export interface HttpReply extends Reply {
  /** Responds with an error, also in the middle of a stream. */
  error(error: unknown): void;
  close(): void;
}

/**
 * Creates the reply to a request. Its signal is aborted after `seconds`, when `ending` is aborted, and when the client
 * disconnects.
 */
export function httpReply(
  request: IncomingMessage,
  response: ServerResponse,
  seconds: number,
  ending: AbortSignal,
): HttpReply {
  const controller = new AbortController();
  const late = new ApiError(504, `the answer took longer than ${seconds} seconds. Request fewer tokens.`);
  const timer = setTimeout(() => controller.abort(late), Math.min(seconds * 1000, 2 ** 31 - 1));
  response.once("close", () => controller.abort(new ApiError(499, "the client hung up.")));
  const send = (text: string): void => {
    // One choice of a request may fail while others are still being sent.
    if (!response.destroyed && !response.writableEnded) response.write(text);
  };
  const json = (status: number, body: object): void => {
    if (response.destroyed || response.headersSent) return;
    const text = JSON.stringify(body);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...([429, 503].includes(status) && { "retry-after": RETRY_SECONDS }),
    };
    if (request.complete) return void response.writeHead(status, headers).end(text);
    response.writeHead(status, { ...headers, connection: "close" }).write(text);
    // Ending the response closes the connection. A client that is still sending could not read the response.
    afterRest(request, () => response.end());
  };
  return {
    signal: AbortSignal.any([controller.signal, ending]),
    json: (body) => json(200, body),
    event(body) {
      if (!response.headersSent && !response.destroyed)
        response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      send(`data: ${JSON.stringify(body)}\n\n`);
    },
    endEvents() {
      send("data: [DONE]\n\n");
      response.end();
    },
    error(error) {
      const { status, body } = apiErrorOf(error);
      if (!response.headersSent) return json(status, body);
      send(`data: ${JSON.stringify(body)}\n\n`);
      response.end();
    },
    close: () => clearTimeout(timer),
  };
}

/** Discards the rest of a body, then calls `end`. */
function afterRest(request: IncomingMessage, end: () => void): void {
  const timer = setTimeout(() => request.destroy(), LONGEST_PAUSE_MILLISECONDS);
  const done = (): void => {
    clearTimeout(timer);
    end();
  };
  request
    .on("error", () => {})
    .on("data", () => timer.refresh())
    .once("end", done)
    .once("close", done)
    .resume();
}
