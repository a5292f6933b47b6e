import { MlanError } from "@mlan/core";
import { setTimeout as wait } from "node:timers/promises";
import { hubError } from "./hub-error.ts";
import { answerOf } from "./hub-fetch.ts";
import type { HubSettings } from "./hub-settings.ts";
import type { HubTarget } from "./hub-target.ts";

export interface Retries {
  readonly settings: HubSettings;
  readonly signal: AbortSignal | undefined;
  /** Names the request in errors. */
  readonly asked: HubTarget;
  /** Whether the failed attempt made more progress than all earlier attempts. The count of failures then restarts. */
  advanced?(): Promise<boolean>;
}

/**
 * Returns the result of `action`. Retries with growing delays when the Hub is busy (408, 429, 5xx) or the connection
 * fails. The last failure becomes an `unavailable` error with the remedy. An `MlanError` is thrown unchanged.
 */
export async function withRetries<Result>(retries: Retries, action: () => Promise<Result>): Promise<Result> {
  const { settings, signal, asked } = retries;
  for (let failures = 1; ; failures++) {
    try {
      return await action();
    } catch (cause) {
      signal?.throwIfAborted();
      if (MlanError.is(cause)) throw cause;
      const answer = answerOf(cause);
      if (answer && !isPassing(answer, settings)) throw hubError(asked, settings, cause);
      if (await retries.advanced?.()) failures = 1;
      if (failures >= settings.attempts) throw hubError(asked, settings, cause);
      await wait(delayAfter(failures, settings, answer), undefined, signal ? { signal } : {});
    }
  }
}

/** Whether a retry may succeed. The Hub's storage answers 403 for an expired URL, and a retry gets a new URL. */
function isPassing({ status, url }: Response, { endpoint }: HubSettings): boolean {
  const elsewhere = new URL(url).origin !== new URL(endpoint).origin;
  return status === 408 || status === 429 || status >= 500 || (status === 403 && elsewhere);
}

/**
 * Returns the delay in milliseconds. It varies randomly by up to a quarter, so that processes that started together do
 * not retry together.
 */
function delayAfter(failures: number, { retryDelay }: HubSettings, answer: Response | undefined): number {
  const delay = Math.min(retryDelay * 2 ** (failures - 1), LONGEST_DELAY);
  return Math.max(delay * (0.75 + Math.random() / 2), answer ? askedDelay(answer.headers) : 0);
}

const LONGEST_DELAY = 60_000;
const LONGEST_ASKED_DELAY = 300_000;

/**
 * Reads the requested delay. `Retry-After` contains seconds or a date. In the Hub's `RateLimit`, `t` is the number of
 * seconds until the window ends.
 */
function askedDelay(headers: Headers): number {
  const header = headers.get("retry-after") ?? /;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1] ?? "0";
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Math.min(Math.max(milliseconds || 0, 0), LONGEST_ASKED_DELAY);
}
