import type { HubSettings } from "./hub-settings.ts";
import { fetchFromHome } from "./hub-redirects.ts";

/**
 * A connection is broken if it delivers fewer bytes than this within `settings.timeout` and its response has not ended.
 */
const FEWEST_BYTES = 16 * 1024;

/**
 * Returns a `fetch` without retries. It throws for every response that is not OK, with the `Response` as the error's
 * `cause`, and for a connection that is too slow. It sends the token to `settings.endpoint` only.
 */
export function hubFetch({ timeout, endpoint }: HubSettings, signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    signal?.throwIfAborted();
    const watch = watchFor(timeout, signal);
    try {
      const address = input instanceof Request ? input.url : input;
      const response = await fetchFromHome(endpoint, address, { ...init, signal: watch.signal });
      if (response.ok) return watchedResponse(response, watch);
      await response.body?.cancel();
      throw new Error(`the Hub answered ${response.status}`, { cause: response });
    } catch (cause) {
      watch.stop();
      throw watch.signal.aborted ? watch.signal.reason : cause;
    }
  };
}

/** Returns the response that caused an error of {@link hubFetch}. Undefined when the connection failed. */
export function answerOf(error: unknown): Response | undefined {
  return error instanceof Error && error.cause instanceof Response ? error.cause : undefined;
}

interface Watch {
  readonly signal: AbortSignal;
  /** Counts received bytes. Restarts the timer once there are enough. */
  arrived(bytes: number): void;
  stop(): void;
}

function watchFor(timeout: number, signal: AbortSignal | undefined): Watch {
  const controller = new AbortController();
  let bytes = 0;
  const giveUp = (): void =>
    controller.abort(new Error(`${bytes === 0 ? "no bytes" : "fewer than 16 KiB"} arrived in ${timeout / 1000} s`));
  let timer = setTimeout(giveUp, timeout);
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    arrived(count) {
      // The timer must not keep the process alive for a body that is never read.
      timer.unref();
      bytes += count;
      if (bytes < FEWEST_BYTES) return;
      bytes = 0;
      clearTimeout(timer);
      timer = setTimeout(giveUp, timeout);
      timer.unref();
    },
    stop: () => clearTimeout(timer),
  };
}

/** Returns the response with a body that is aborted when it stalls. */
function watchedResponse(response: Response, watch: Watch): Response {
  if (!response.body) {
    watch.stop();
    return response;
  }
  // The headers arrived in time. The body gets the full time again.
  watch.arrived(FEWEST_BYTES);
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        watch.arrived(chunk.length);
        controller.enqueue(chunk);
      },
      flush: () => watch.stop(),
    }),
  );
  const { status, statusText, headers, url } = response;
  // The constructor leaves the URL empty, but the Hub's library reads it.
  return Object.defineProperty(new Response(body, { status, statusText, headers }), "url", { value: url });
}
