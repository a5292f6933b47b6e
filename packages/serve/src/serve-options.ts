import { checkOptions, MlanError } from "@mlan/core";
import { z } from "zod";

export interface ServeOptions {
  /** The model's name for clients. Default: its own. */
  readonly name?: string;
  /** The address to listen at. Default "127.0.0.1": this machine alone. */
  readonly host?: string;
  /** 0 takes a free one. Default 8000. */
  readonly port?: number;
  /** What clients must send as `Authorization: Bearer ...`. Default: nothing. */
  readonly apiKey?: string;
  /** Requests answered together, in one batch. Default 8. */
  readonly batchSize?: number;
  /**
   * Batches computed in turns, a token each: requests that arrive while one is answered begin in another one. With 1 the model's
   * `generate` is never called again before it has ended. Default 2.
   */
  readonly maximumBatches?: number;
  /** The most new tokens of an answer. Default: half of the model's positions, 2048 at most. */
  readonly maximumTokens?: number;
  /** The most images of a request. Default 8. */
  readonly maximumImages?: number;
  /** The most bytes of a request's body. Default 32 MiB. */
  readonly maximumBodyBytes?: number;
  /**
   * The most bytes of all requests' bodies, each counted until it is answered; further requests are told to come back.
   * Default: 8 bodies of `maximumBodyBytes`.
   */
  readonly maximumHeldBytes?: number;
  /** The most answers that are waited for; further requests are told to come back. Default 256. */
  readonly maximumWaiting?: number;
  /** The most seconds from a request to the end of its answer. Default 600. */
  readonly requestSeconds?: number;
  /** How long answers may still take once the server closes, in seconds. Default 30. */
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

/** Throws `invalid-options`, naming what is not as expected. */
export function checkServeOptions(options: ServeOptions): CheckedOptions {
  const checked = checkOptions("serve", schema, options);
  const { maximumBodyBytes, maximumHeldBytes = 8 * maximumBodyBytes } = checked;
  if (maximumHeldBytes >= maximumBodyBytes) return { ...checked, maximumHeldBytes };
  throw new MlanError(
    "invalid-options",
    `serve: option "maximumHeldBytes" is ${maximumHeldBytes}, less than the ${maximumBodyBytes} bytes that one body may have. Raise it, or lower maximumBodyBytes.`,
  );
}

/** With what the model decides. */
export function serveSettings(
  { name, maximumTokens, ...rest }: CheckedOptions,
  model: { readonly name: string; readonly maximumPositions?: number },
): ServeSettings {
  const half = Math.max(1, Math.floor((model.maximumPositions ?? Infinity) / 2));
  return { name: name ?? model.name, maximumTokens: maximumTokens ?? Math.min(2048, half), ...rest };
}
