import type { Wording } from "@mlan/core";
import { z } from "zod";
import type { EndpointUsage } from "./usage.ts";

/** What a server understands beyond the interface that all have in common. */
export type ServerKind = "generic" | "openai" | "vllm" | "llama.cpp";

/** Per million tokens, in one currency. */
export interface Prices {
  readonly input: number;
  /** Of input tokens that the server had cached. Default: as `input`. */
  readonly cachedInput?: number;
  readonly output: number;
}

export interface EndpointOptions {
  /** The address before `/chat/completions`, e.g. `http://127.0.0.1:8000/v1`. */
  readonly baseURL: string;
  /** The model's name on the server. */
  readonly model: string;
  /**
   * `vllm` and `llama.cpp` continue the start of an answer; the others are asked, in the user's text, to begin with it.
   * `openai` takes `max_completion_tokens`, the others `max_tokens`. Default `generic`.
   */
  readonly server?: ServerKind;
  /** Default: the environment variable `MLAN_ENDPOINT_API_KEY`. Never written anywhere. */
  readonly apiKey?: string | undefined;
  /**
   * Identifies the weights that answer, e.g. a commit. A run is then continued on any server with these weights;
   * otherwise only at the same address.
   */
  readonly weights?: string;
  /** How the model is asked. Default `chatWording("tuned")`: with the server's own chat template. */
  readonly wording?: Wording;
  /** Requests at the same time, unless an evaluator says otherwise. Default 8. */
  readonly concurrency?: number;
  /** How often a request is repeated that failed in passing. Default 6. */
  readonly retries?: number;
  /** The longest time for one answer. Default 300. */
  readonly timeoutSeconds?: number;
  /** The longest pause that a server's `retry-after` may ask for. Default 600. */
  readonly maximumPauseSeconds?: number;
  /** For {@link EndpointUsage.cost}. */
  readonly prices?: Prices;
  /** The evaluation ends with an error when the cost since the model was opened reaches this. Needs `prices`. */
  readonly maximumCost?: number;
  /** Called after each answer with the sums since the model was opened. */
  readonly onUsage?: (usage: EndpointUsage) => void;
  /** Fields for every request, e.g. `{ reasoning_effort: "low" }`; null leaves a field out, e.g. `{ temperature: null }`. */
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
  // The address is written into run folders.
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
      .custom<Wording>((value) => isFunction(Object(value).ask), "expected a wording, as chatWording() returns")
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
