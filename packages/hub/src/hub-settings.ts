import { HUB_URL } from "@huggingface/hub";
import { MlanError, toFolderUrl } from "@mlan/core";
import { hubHome, isSwitchedOn } from "./hub-home.ts";
import type { HubOptions } from "./hub-options.ts";
import { hubToken } from "./hub-token.ts";

/** The options, completed from the environment and defaults. */
export interface HubSettings {
  /** The Hub's address without a slash at the end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** The folder of the cache. Ends in a slash. */
  readonly cache: URL;
  readonly offline: boolean;
  readonly attempts: number;
  readonly retryDelay: number;
  readonly timeout: number;
}

/**
 * Completes the options from the environment at the time of the call. Throws `invalid-options` for an invalid token or
 * endpoint.
 */
export async function hubSettings(options: HubOptions): Promise<HubSettings> {
  const { HF_ENDPOINT, HF_HUB_OFFLINE } = process.env;
  return {
    endpoint: checkedEndpoint(options.endpoint ?? (HF_ENDPOINT || HUB_URL)),
    token: await hubToken(options.token),
    cache: options.cache === undefined ? hubHome().cache : toFolderUrl(options.cache),
    offline: options.offline ?? isSwitchedOn(HF_HUB_OFFLINE),
    attempts: options.attempts ?? 5,
    retryDelay: options.retryDelay ?? 500,
    timeout: options.timeout ?? 30_000,
  };
}

/**
 * Returns the endpoint without a slash at the end. The error does not contain the endpoint, which may include a
 * password.
 */
function checkedEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash)
    return endpoint.replace(/\/+$/, "");
  const message =
    "hub: the Hub's endpoint must be an http(s) URL without user, password, query or fragment; " +
    "check HF_ENDPOINT or the option `endpoint`.";
  throw new MlanError("invalid-options", message);
}
