import { checkOptions, MlanError } from "@mlan/core";
import { z } from "zod";

export interface ServeOptions {
  /** The model's name for clients. Default: `name` of the model. */
  readonly name?: string;
  /** The address to listen on. Default "127.0.0.1", which only this machine can reach. */
  readonly host?: string;
  /** The port to listen on. 0 picks a free port. Default 8000. */
  readonly port?: number;
  /** The key that clients must send as `Authorization: Bearer ...`. Default: none. */
  readonly apiKey?: string;
  /** Maximum number of requests answered in one batch. Default 8. */
  readonly batchSize?: number;
  /**
   * Maximum number of batches in progress. They take turns, one token at a time. Requests that arrive while a batch is
   * being answered form another batch. With 1, `generate` is never called before the previous call has ended. Default
   * 2.
   */
  readonly maximumBatches?: number;
  /** Maximum number of new tokens per answer. Default: half of the context length, at most 2048. */
  readonly maximumTokens?: number;
  /** Maximum number of images per request. Default 8. */
  readonly maximumImages?: number;
  /** Maximum size of a request body in bytes. Default 32 MiB. */
  readonly maximumBodyBytes?: number;
  /**
   * Maximum total size of the bodies of unanswered requests, in bytes. Further requests are rejected. Default: 8 times
   * `maximumBodyBytes`.
   */
  readonly maximumHeldBytes?: number;
  /** Maximum number of pending answers. Further requests are rejected. Default 256. */
  readonly maximumWaiting?: number;
  /** Maximum time from a request to the end of its answer, in seconds. Default 600. */
  readonly requestSeconds?: number;
  /** Maximum time for pending answers when the server closes, in seconds. Default 30. */
  readonly shutdownSeconds?: number;
}

export type ServeSettings = Required<Omit<ServeOptions, "apiKey">> & Pick<ServeOptions, "apiKey">;

const count = z.int().min(1);
const seconds = z.number().positive().max(1e6);
const schema = z.strictObject({
  name: z.string().min(1).exactOptional(),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(8000),
  apiKey: z.string().min(1).exactOptional(),
  batchSize: count.default(8),
  maximumBatches: count.default(2),
  maximumTokens: count.exactOptional(),
  maximumImages: z.int().min(0).default(8),
  maximumBodyBytes: count.default(32 * 2 ** 20),
  maximumHeldBytes: count.exactOptional(),
  maximumWaiting: count.default(256),
  requestSeconds: seconds.default(600),
  shutdownSeconds: z.number().min(0).max(1e6).default(30),
});

export type CheckedOptions = Omit<ServeSettings, "name" | "maximumTokens"> &
  Pick<ServeOptions, "name" | "maximumTokens">;

/** Checks the options and adds defaults. Throws `invalid-options` with the option's name. */
export function checkServeOptions(options: ServeOptions): CheckedOptions {
  const checked = checkOptions("serve", schema, options);
  const { maximumBodyBytes, maximumHeldBytes = 8 * maximumBodyBytes } = checked;
  if (maximumHeldBytes >= maximumBodyBytes) return { ...checked, maximumHeldBytes };
  throw new MlanError(
    "invalid-options",
    `serve: option "maximumHeldBytes" is ${maximumHeldBytes}, less than the ${maximumBodyBytes} bytes that one body may have. Raise it, or lower maximumBodyBytes.`,
  );
}

/** Adds the defaults that depend on the model. */
export function serveSettings(
  { name, maximumTokens, ...rest }: CheckedOptions,
  model: { readonly name: string; readonly maximumPositions?: number },
): ServeSettings {
  const half = Math.max(1, Math.floor((model.maximumPositions ?? Infinity) / 2));
  return { name: name ?? model.name, maximumTokens: maximumTokens ?? Math.min(2048, half), ...rest };
}
