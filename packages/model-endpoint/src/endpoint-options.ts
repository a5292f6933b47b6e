import type { Wording } from "@mlan/core";
import { z } from "zod";
import type { EndpointUsage } from "./usage.ts";

/** The kind of server, for features beyond the common API. */
export type ServerKind = "generic" | "openai" | "vllm" | "llama.cpp";

/** Prices per million tokens, all in the same currency. */
export interface Prices {
  readonly input: number;
  /** Price of input tokens that the server had cached. Default: `input`. */
  readonly cachedInput?: number;
  readonly output: number;
}

export interface EndpointOptions {
  /** The address before `/chat/completions`, e.g. `http://127.0.0.1:8000/v1`. */
  readonly baseURL: string;
  /** The model's name on the server. */
  readonly model: string;
  /**
   * `vllm` and `llama.cpp` continue a given start of the answer. Other servers are asked, in the user's text, to begin
   * with it. `openai` receives `max_completion_tokens`, the others `max_tokens`. Default `generic`.
   */
  readonly server?: ServerKind;
  /**
   * The key that is sent with each request. It is never written to a file. Default: the environment variable
   * `MLAN_ENDPOINT_API_KEY`.
   */
  readonly apiKey?: string | undefined;
  /**
   * Identifies the model's weights, e.g. a commit. A run can then be continued on any server with these weights,
   * otherwise only at the same address.
   */
  readonly weights?: string;
  /** The prompt format. Default `chatWording("tuned")`, which uses the server's chat template. */
  readonly wording?: Wording;
  /** Number of parallel requests, unless the evaluator sets `batchSize`. Default 8. */
  readonly concurrency?: number;
  /** Maximum number of times that a request is repeated after temporary failures. Default 6. */
  readonly retries?: number;
  /** Maximum time for one answer, in seconds. Default 300. */
  readonly timeoutSeconds?: number;
  /** Maximum pause in seconds that a server may request with `retry-after`. A longer pause is an error. Default 600. */
  readonly maximumPauseSeconds?: number;
  /** Prices from which {@link EndpointUsage.cost} is computed. */
  readonly prices?: Prices;
  /** Maximum cost since the model was opened. The evaluation fails when the cost reaches it. Needs `prices`. */
  readonly maximumCost?: number;
  /** Called after each answer with the usage since the model was opened. */
  readonly onUsage?: (usage: EndpointUsage) => void;
  /**
   * Fields to add to every request, e.g. `{ reasoning_effort: "low" }`. null removes a field, e.g. `{ temperature: null
   * }`.
   */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Options with their defaults. */
export interface CheckedOptions extends EndpointOptions {
  readonly server: ServerKind;
  readonly wording: Wording;
  readonly concurrency: number;
  readonly retries: number;
  readonly timeoutSeconds: number;
  readonly maximumPauseSeconds: number;
}

const address = z.string().superRefine((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    return context.addIssue("expected a web address such as http://127.0.0.1:8000/v1");
  // Run folders contain the address, so it must not contain a password.
  if (url.username !== "" || url.password !== "")
    context.addIssue("expected an address without a password; give apiKey");
  if (url.search !== "" || url.hash !== "") context.addIssue("expected an address without ? and #");
  if (/\/completions\/*$/.test(url.pathname)) context.addIssue("expected the address before /chat/completions");
});

const price = z.number().min(0);
const isFunction = (value: unknown): boolean => typeof value === "function";

export const optionsSchema: z.ZodType<EndpointOptions> = z
  .strictObject({
    baseURL: address,
    model: z.string().min(1, "expected the model's name on the server"),
    server: z.enum(["generic", "openai", "vllm", "llama.cpp"]).exactOptional(),
    apiKey: z
      .string()
      .regex(/^[\x21-\x7e]+$/, "expected a key of visible ASCII characters")
      .optional(),
    weights: z.string().min(1).exactOptional(),
    wording: z
      .custom<Wording>((value) => isFunction(Object(value).ask), "expected a wording, as returned by chatWording()")
      .exactOptional(),
    concurrency: z.int().min(1).max(1024).exactOptional(),
    retries: z.int().min(0).max(100).exactOptional(),
    timeoutSeconds: z.number().positive().max(86_400).exactOptional(),
    maximumPauseSeconds: z.number().min(0).max(86_400).exactOptional(),
    prices: z.strictObject({ input: price, cachedInput: price.exactOptional(), output: price }).exactOptional(),
    maximumCost: z.number().positive().exactOptional(),
    onUsage: z.custom<(usage: EndpointUsage) => void>(isFunction, "expected a function").exactOptional(),
    body: z.record(z.string(), z.json()).exactOptional(),
  })
  .refine(({ maximumCost, prices }) => maximumCost === undefined || prices !== undefined, {
    path: ["prices"],
    error: "are needed for maximumCost",
  });
