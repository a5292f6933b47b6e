import { checkOptions, folderLocation, type Location } from "@mlan/core";
import { z } from "zod";
import { checkTarget } from "./hub-target.ts";

/** Options for accessing the Hugging Face Hub. Every field has a default. */
export interface HubOptions {
  /** The Hub's address. Default: the environment variable HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint?: string;
  /**
   * The access token for private and gated repositories. Default: the environment variable HF_TOKEN, or the file that
   * Python's `hf auth login` wrote.
   */
  readonly token?: string;
  /** A commit, branch or tag. Default: the commit that the plugin pins. */
  readonly revision?: string;
  /**
   * Folder for downloaded files, in the layout of Python's `huggingface_hub`. Default, as in Python: the environment
   * variable HF_HUB_CACHE, `hub` in HF_HOME, or ~/.cache/huggingface/hub.
   */
  readonly cache?: Location;
  /**
   * Whether to use only files that are in the cache. Default: whether the environment variable HF_HUB_OFFLINE is 1,
   * true, yes or on.
   */
  readonly offline?: boolean;
  /**
   * Maximum number of consecutive failed attempts. Attempts that receive further bytes of a file do not count. Default
   * 5.
   */
  readonly attempts?: number;
  /**
   * Delay before the second attempt in milliseconds, plus or minus a random quarter. The delay doubles with each
   * attempt, up to a minute. A longer delay in a Retry-After or RateLimit header takes precedence, up to five minutes.
   * Default 500.
   */
  readonly retryDelay?: number;
  /**
   * Time in milliseconds within which a connection must deliver 16 KiB or end. A slower connection is broken. Default
   * 30,000.
   */
  readonly timeout?: number;
}

const fields = {
  endpoint: z.url().exactOptional(),
  token: z.string().exactOptional(),
  revision: z.string().min(1).exactOptional(),
  cache: folderLocation.exactOptional(),
  offline: z.boolean().exactOptional(),
  attempts: z.int().min(1).exactOptional(),
  retryDelay: z.number().min(0).exactOptional(),
  timeout: z.number().min(1).exactOptional(),
};

/** The schema of {@link HubOptions}. */
export const hubOptions: z.ZodType<HubOptions> = z.strictObject(fields);

/** A model on the Hub, for options that otherwise take a folder. */
export interface HubModel extends HubOptions {
  readonly type: "model";
  /** Owner and name, e.g. "lmsys/vicuna-7b-v1.5". */
  readonly repository: string;
  readonly revision: string;
}

/** The schema of {@link HubModel}, for the options of plugins. */
export const hubModel: z.ZodType<HubModel> = z.strictObject({
  ...fields,
  type: z.literal("model"),
  repository: z.string(),
  revision: z.string(),
});

/**
 * Refers to a model on the Hub, without downloading it, e.g. `hub("lmsys/vicuna-7b-v1.5", { revision: "3321f76..." })`.
 * Without `revision`, opening the model uses the newest commit of the branch main. Throws `invalid-options`.
 */
export function hub(repository: string, options: HubOptions = {}): HubModel {
  const checked = checkOptions("hub", hubOptions, options);
  const model = { ...checked, type: "model", repository, revision: checked.revision ?? "main" } as const;
  checkTarget(model);
  return model;
}
