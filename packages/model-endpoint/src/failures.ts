import { counted, messageOf, MlanError, shownValue } from "@mlan/core";
import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import type { CheckedOptions } from "./endpoint-options.ts";

/** A reply that does not follow the API. */
export class MalformedReply extends Error {
  override readonly name = "MalformedReply";
}

export interface FailureContext extends Pick<
  CheckedOptions,
  "baseURL" | "model" | "apiKey" | "timeoutSeconds" | "concurrency"
> {
  readonly id: string;
  readonly attempts: number;
}

/** Returns the number of times to repeat a request after this error, at most `retries`. 0 when it would fail again. */
export function retriesOf(error: unknown, retries: number): number {
  // A wrong address causes this error every time, so few retries suffice.
  if (!(error instanceof APIError)) return Math.min(retries, 2);
  const { status } = error;
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500 ? retries : 0;
}

/** Whether an error came from the server rather than from the connection. */
export function hasReplied(error: unknown): boolean {
  return !(error instanceof APIConnectionError) || error instanceof APIConnectionTimeoutError;
}

/** Returns the pause in seconds that a server requests. Undefined when it requests none. */
export function pauseOf(error: unknown): number | undefined {
  const headers = error instanceof APIError ? error.headers : undefined;
  const milliseconds = numberOf(headers?.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds / 1000;
  const after = headers?.get("retry-after");
  const seconds = numberOf(after);
  if (seconds !== undefined || after === null || after === undefined) return seconds;
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

function numberOf(text: string | null | undefined): number | undefined {
  const value = text === null || text === undefined || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Describes in one sentence what failed, with the remedy and without the API key. */
export function describeFailure(error: unknown, context: FailureContext): MlanError {
  if (MlanError.is(error)) return error;
  const { baseURL, apiKey, attempts } = context;
  const times = attempts === 1 ? "" : ` (${counted(attempts, "attempt")})`;
  const [code, problem] = problemOf(error, context);
  const message = `model-endpoint: ${baseURL} ${problem.replace("{times}", times)}`;
  // The original error is not attached as the cause, because it may contain the key.
  return new MlanError(code, apiKey === undefined ? message : message.replaceAll(apiKey, "***"));
}

type Problem = readonly [code: "unavailable" | "invalid-options", problem: string];

function problemOf(error: unknown, { id, model, timeoutSeconds, concurrency }: FailureContext): Problem {
  const question = shownValue(id);
  if (error instanceof APIConnectionTimeoutError)
    return [
      "unavailable",
      `gave no answer to ${question} within ${timeoutSeconds} s{times}; raise timeoutSeconds, or lower concurrency.`,
    ];
  if (error instanceof APIConnectionError)
    return ["unavailable", `cannot be reached (${reasonOf(error)}){times}; start the server, or correct baseURL.`];
  if (error instanceof APIError && error.status !== undefined) {
    const said = `status ${error.status}: ${saidBy(error)}`;
    if (error.status === 401 || error.status === 403)
      return ["invalid-options", `refused the API key (${said}); give apiKey, or set MLAN_ENDPOINT_API_KEY.`];
    if (error.status === 404)
      return [
        "invalid-options",
        `has no model ${shownValue(model)} or no such address (${said}); correct model or baseURL.`,
      ];
    if (error.status === 429)
      return [
        "unavailable",
        `refused ${question} because of too many requests{times} (${said}); lower concurrency (${concurrency}), or continue later.`,
      ];
    if (error.status >= 500)
      return [
        "unavailable",
        `failed at ${question}{times} (${said}); look at its log, then run the same command to continue.`,
      ];
    return [
      "invalid-options",
      `does not accept the request for ${question} (${said}); correct the options server and body, or the question.`,
    ];
  }
  const what = error instanceof MalformedReply ? error.message : reasonOf(error);
  return [
    "unavailable",
    `sent something other than an answer to ${question} (${shortened(what)}){times}; is it the address of an OpenAI-compatible server?`,
  ];
}

function saidBy(error: APIError): string {
  const { message } = Object(error.error);
  return shortened(typeof message === "string" && message !== "" ? message : error.message);
}

/** Returns the message of the innermost cause, e.g. "connect ECONNREFUSED 127.0.0.1:8000". */
function reasonOf(error: unknown): string {
  const { cause } = Object(error);
  return cause instanceof Error ? reasonOf(cause) : shortened(messageOf(error));
}

const LONGEST = 300;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}
