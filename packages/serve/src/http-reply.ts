import type { IncomingMessage, ServerResponse } from "node:http";
import type { Reply } from "./answer-completion.ts";
import { ApiError, apiErrorOf } from "./api-error.ts";

/**
 * The rest of a body that was refused is received and thrown away, so that its sender reads the answer. A sender that
 * pauses for longer is cut off; one that never ends is by the server's `requestTimeout`.
 */
const LONGEST_PAUSE_MILLISECONDS = 10_000;

/** When a client that was told to come back may do so, in seconds. */
const RETRY_SECONDS = "1";

export interface HttpReply extends Reply {
  /** Answers by an error, also in the middle of a stream. */
  error(error: unknown): void;
  /** Ends timers. */
  close(): void;
}

/** A reply to a request. Its signal is aborted after `seconds`, by `ending`, and when the client hangs up. */
export function httpReply(
  request: IncomingMessage,
  response: ServerResponse,
  seconds: number,
  ending: AbortSignal,
): HttpReply {
  const controller = new AbortController();
  const late = new ApiError(504, `the answer took longer than ${seconds} seconds. Ask for fewer tokens.`);
  const timer = setTimeout(() => controller.abort(late), Math.min(seconds * 1000, 2 ** 31 - 1));
  response.once("close", () => controller.abort(new ApiError(499, "the client hung up.")));
  const send = (text: string): void => {
    // Of several choices, one may fail while others still send.
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
    // Ending the response ends the connection, after which the sender could no longer read it.
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

/** Throws away the rest of a body, then ends. */
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
