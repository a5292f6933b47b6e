import { messageOf, MlanError } from "@mlan/core";

/** The body of an error response, in the format of OpenAI's API. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    /** The field of the request that is wrong. */
    readonly param: string | null;
    readonly code: string | null;
  };
}

export interface ApiErrorOptions {
  readonly param?: string;
  readonly code?: string;
}

/** An error with the HTTP status to respond with. */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, message: string, { param, code }: ApiErrorOptions = {}) {
    super(message);
    this.status = status;
    this.body = { error: { message, type: TYPES[status] ?? typeOf(status), param: param ?? null, code: code ?? null } };
  }
}

const TYPES: Readonly<Record<number, string>> = { 401: "authentication_error", 429: "rate_limit_error" };

function typeOf(status: number): string {
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** Converts any error. Errors in the request have status 400, all others 500. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const isOfRequest = MlanError.is(error, "invalid-data") || MlanError.is(error, "invalid-options");
  return new ApiError(isOfRequest ? 400 : 500, messageOf(error));
}
