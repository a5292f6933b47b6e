import { messageOf, MlanError } from "@mlan/core";
import { setTimeout as wait } from "node:timers/promises";
import type { HubSettings } from "./hub-options.ts";

/**
 * A `fetch` for one dataset on the Hub: tries again, waiting ever longer, when the Hub is busy (429, 5xx) or the
 * connection fails, and turns what is left into `unavailable` errors that tell what to do.
 */
export function hubFetch(repository: string, settings: HubSettings, signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await fetch(input, { ...init, ...(signal && { signal }) }).catch((error: unknown) => error);
      signal?.throwIfAborted();
      if (answer instanceof Response && answer.ok) return answer;
      if (!isPassing(answer) || attempt >= settings.attempts) throw hubError(repository, settings, answer);
      if (answer instanceof Response) await answer.body?.cancel();
      const delay = Math.max(settings.retryDelay * 2 ** (attempt - 1), retryAfter(answer));
      await wait(delay, undefined, signal ? { signal } : {});
    }
  };
}

/** Connection errors may pass, as may these answers. */
function isPassing(answer: unknown): boolean {
  return !(answer instanceof Response) || answer.status === 408 || answer.status === 429 || answer.status >= 500;
}

/** Milliseconds, at most five minutes. The header holds seconds or a date. */
function retryAfter(answer: unknown): number {
  const header = answer instanceof Response ? answer.headers.get("retry-after") : null;
  if (header === null) return 0;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Math.min(Math.max(milliseconds || 0, 0), 300_000);
}

function hubError(repository: string, settings: HubSettings, answer: unknown): MlanError {
  const page = `${settings.endpoint}/datasets/${repository}`;
  if (!(answer instanceof Response)) {
    const reason = answer instanceof Error && answer.cause !== undefined ? messageOf(answer.cause) : messageOf(answer);
    return new MlanError(
      "unavailable",
      `data-kit: ${page} cannot be reached (${reason}). Check the network, or give the dataset's files as \`folder\`; ` +
        `HF_HUB_OFFLINE=1 reads what was downloaded before.`,
      { cause: answer },
    );
  }
  return new MlanError(
    "unavailable",
    `data-kit: ${page} answered ${answer.status}. ${adviceFor(answer.status, page, settings)}`,
  );
}

function adviceFor(status: number, page: string, { token, attempts }: HubSettings): string {
  if (status === 401 || status === 403) {
    const account = token ? "the account of HF_TOKEN may not read it" : "it wants to know who reads it";
    return `The dataset is gated, private or does not exist; ${account}. Accept its terms at ${page}, then set HF_TOKEN to a token of that account.`;
  }
  if (status === 404)
    return "There is no such dataset, revision or file; check the name and the option `hub.revision`.";
  if (status === 429)
    return `It was asked too often, ${attempts} times in a row; try later, or set HF_TOKEN for a higher limit.`;
  return `It failed ${attempts} times in a row; try later.`;
}
