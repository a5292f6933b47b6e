import { HUB_URL } from "@huggingface/hub";
import { folderLocation, type Location, MlanError, toFolderUrl } from "@mlan/core";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { hubToken } from "./hub-token.ts";
import { isSwitchedOn, pythonHome } from "./python-home.ts";

/** How to reach the Hugging Face Hub. Every field has a default. */
export interface HubOptions {
  /** Default: the environment variable HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint?: string;
  /**
   * For private and gated datasets. Default: the environment variable HF_TOKEN, or the file that Python's `hf auth
   * login` wrote.
   */
  readonly token?: string;
  /** A commit, branch or tag to read instead of the one that the dataset pins. */
  readonly revision?: string;
  /** Folder of downloaded files. Default: the environment variable MLAN_CACHE, or ~/.cache/mlan. */
  readonly cache?: Location;
  /** Read only the caches. Default: whether the environment variable HF_HUB_OFFLINE is 1, true, yes or on. */
  readonly offline?: boolean;
  /** Failed attempts in a row before giving up; for a file, attempts without progress. Default 5. */
  readonly attempts?: number;
  /**
   * Milliseconds before the second attempt, plus or minus a random quarter. The delay doubles with each attempt, up to
   * a minute. A longer Retry-After or RateLimit header takes precedence, up to five minutes. Default 500.
   */
  readonly retryDelay?: number;
  /** Milliseconds in which a connection must deliver 16 KiB or end; otherwise it counts as broken. Default 30,000. */
  readonly timeout?: number;
}

export const hubOptions: z.ZodType<HubOptions> = z.strictObject({
  endpoint: z.url().exactOptional(),
  token: z.string().exactOptional(),
  revision: z.string().min(1).exactOptional(),
  cache: folderLocation.exactOptional(),
  offline: z.boolean().exactOptional(),
  attempts: z.int().min(1).exactOptional(),
  retryDelay: z.number().min(0).exactOptional(),
  timeout: z.number().min(1).exactOptional(),
});

/** The options with environment and defaults filled in. */
export interface HubSettings {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** Ends in a slash. */
  readonly cache: URL;
  /** The cache of Python's `huggingface_hub`, which is also read; ends in a slash. */
  readonly pythonCache: URL;
  readonly offline: boolean;
  readonly attempts: number;
  readonly retryDelay: number;
  readonly timeout: number;
}

/**
 * Reads the environment at the time of the call. Throws an `invalid-options` error for an invalid token or endpoint.
 */
export async function hubSettings(options: HubOptions): Promise<HubSettings> {
  const { HF_ENDPOINT, HF_HUB_OFFLINE, MLAN_CACHE } = process.env;
  return {
    endpoint: checkedEndpoint(options.endpoint ?? (HF_ENDPOINT || HUB_URL)),
    token: await hubToken(options.token),
    cache: toFolderUrl(options.cache ?? (MLAN_CACHE || join(homedir(), ".cache", "mlan"))),
    pythonCache: pythonHome().cache,
    offline: options.offline ?? isSwitchedOn(HF_HUB_OFFLINE),
    attempts: options.attempts ?? 5,
    retryDelay: options.retryDelay ?? 500,
    timeout: options.timeout ?? 30_000,
  };
}

/** The error does not show the endpoint, which may contain a password. */
function checkedEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash)
    return endpoint.replace(/\/+$/, "");
  const message =
    "data-kit: the Hub's endpoint must be an http(s) URL without user, password, query or fragment; " +
    "check HF_ENDPOINT or the option hub.endpoint.";
  throw new MlanError("invalid-options", message);
}
