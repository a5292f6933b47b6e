import { HUB_URL } from "@huggingface/hub";
import { MlanError } from "@mlan/core";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

/** How the Hugging Face Hub is reached. Every field has a default. */
export interface HubOptions {
  /** Default: the variable HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint?: string;
  /** For private and gated datasets. Default: the variable HF_TOKEN. */
  readonly token?: string;
  /** A commit, branch or tag to read instead of the one that the dataset pins. */
  readonly revision?: string;
  /** Folder of downloaded files. Default: the variable MLAN_CACHE, or ~/.cache/mlan. */
  readonly cache?: URL;
  /** Read the cache only. Default: whether the variable HF_HUB_OFFLINE is 1, true, yes or on. */
  readonly offline?: boolean;
  /** Tries in a row per request; for a file, tries that brought nothing new. Default 5. */
  readonly attempts?: number;
  /**
   * Milliseconds before the second try, a quarter more or less at random; they double, up to a minute. A longer
   * Retry-After or RateLimit header counts, up to five minutes. Default 500.
   */
  readonly retryDelay?: number;
  /** Milliseconds without a byte after which a connection counts as broken. Default 30,000. */
  readonly timeout?: number;
}

export const hubOptions: z.ZodType<HubOptions> = z.strictObject({
  endpoint: z.url().exactOptional(),
  token: z.string().exactOptional(),
  revision: z.string().min(1).exactOptional(),
  cache: z.instanceof(URL).exactOptional(),
  offline: z.boolean().exactOptional(),
  attempts: z.int().min(1).exactOptional(),
  retryDelay: z.number().min(0).exactOptional(),
  timeout: z.number().min(1).exactOptional(),
});

/** The options with environment and defaults filled in. */
export interface HubSettings {
  readonly endpoint: string;
  readonly token: string | undefined;
  /** Ends in a slash. */
  readonly cache: URL;
  readonly offline: boolean;
  readonly attempts: number;
  readonly retryDelay: number;
  readonly timeout: number;
}

/** Reads the environment now. Throws an `invalid-options` error for a token that cannot be one. */
export function hubSettings(options: HubOptions): HubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, MLAN_CACHE } = process.env;
  const token = options.token ?? HF_TOKEN;
  if (token && !token.startsWith("hf_")) {
    throw new MlanError(
      "invalid-options",
      'data-kit: a Hub token starts with "hf_"; check HF_TOKEN or the option hub.token.',
    );
  }
  const cache = options.cache ?? pathToFileURL(MLAN_CACHE || join(homedir(), ".cache", "mlan"));
  return {
    endpoint: (options.endpoint ?? (HF_ENDPOINT || HUB_URL)).replace(/\/+$/, ""),
    token: token || undefined,
    cache: cache.href.endsWith("/") ? cache : new URL(`${cache.href}/`),
    offline: options.offline ?? /^(1|true|yes|on)$/i.test(HF_HUB_OFFLINE ?? ""),
    attempts: options.attempts ?? 5,
    retryDelay: options.retryDelay ?? 500,
    timeout: options.timeout ?? 30_000,
  };
}
