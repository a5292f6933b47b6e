import { CodedError } from "@mlan/errors";

/** The cause of a {@link BackendError}. */
export type BackendErrorCode =
  /** This backend does not support the kernel, dtype or arguments. */
  | "unsupported"
  /** ONNX Runtime's library cannot be found or loaded, or has the wrong version. */
  | "library"
  /** ONNX Runtime failed to compile or run a graph. */
  | "runtime"
  /** An option is unknown or has an invalid value. */
  | "invalid-options"
  /** A tensor or a backend was used after it was disposed. */
  | "disposed";

const NAME = "BackendError";

/** An error with a remedy: the message names the problem, the value and what to do. */
export class BackendError extends CodedError<BackendErrorCode> {
  override readonly name: string = NAME;

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions) {
    super(code, `backend-onnx: ${message}`, options);
  }

  /**
   * Whether a value is a `BackendError`, optionally with this code. Recognizes errors of every installed copy of this
   * package, unlike `instanceof`.
   */
  static override is(error: unknown, code?: BackendErrorCode): error is BackendError {
    return CodedError.isNamed(NAME, error, code);
  }
}
