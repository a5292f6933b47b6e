import type { HubSettings } from "./hub-options.ts";

/**
 * A `fetch` that tries once: throws for every answer that is not OK, with the `Response` as the error's `cause`, and
 * for a connection that gives no bytes for `settings.timeout` milliseconds, before the answer or in its body.
 */
export function hubFetch({ timeout }: HubSettings, signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    signal?.throwIfAborted();
    const watch = watchFor(timeout, signal);
    try {
      const response = await fetch(input, { ...init, signal: watch.signal });
      if (response.ok) return watchedResponse(response, watch);
      await response.body?.cancel();
      throw new Error(`the Hub answered ${response.status}`, { cause: response });
    } catch (cause) {
      watch.stop();
      throw watch.signal.aborted ? watch.signal.reason : cause;
    }
  };
}

/** The answer behind an error that {@link hubFetch} threw; undefined for a connection that failed. */
export function answerOf(error: unknown): Response | undefined {
  return error instanceof Error && error.cause instanceof Response ? error.cause : undefined;
}

interface Watch {
  readonly signal: AbortSignal;
  /** Starts the time anew. */
  alive(): void;
  stop(): void;
}

function watchFor(timeout: number, signal: AbortSignal | undefined): Watch {
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(new Error(`no bytes came for ${timeout / 1000} s`));
  let timer = setTimeout(giveUp, timeout);
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    alive() {
      clearTimeout(timer);
      timer = setTimeout(giveUp, timeout);
      // A body that nobody reads keeps no process running.
      timer.unref();
    },
    stop: () => clearTimeout(timer),
  };
}

/** The same answer with a body that is given up when it stalls. */
function watchedResponse(response: Response, watch: Watch): Response {
  if (!response.body) {
    watch.stop();
    return response;
  }
  watch.alive();
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        watch.alive();
        controller.enqueue(chunk);
      },
      flush: () => watch.stop(),
    }),
  );
  const { status, statusText, headers, url } = response;
  // The constructor leaves the address empty, which the Hub's library reads.
  return Object.defineProperty(new Response(body, { status, statusText, headers }), "url", { value: url });
}
