import { CodedError } from "@mlan/errors";

/** Why a {@link BackendError} was thrown. Programs check this code; people read the message. */
export type BackendErrorCode =
  /** A kernel, dtype or form of a call that this backend does not compute. */
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

/** An error that the user can act on: the message names the problem, the value found, and the remedy. */
export class BackendError extends CodedError<BackendErrorCode> {
  override readonly name: string = NAME;

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions) {
    super(code, `backend-onnx: ${message}`, options);
  }

  /**
   * Whether a value is a `BackendError`, with this code if one is given. Recognises errors of every installed copy of
   * this package; `instanceof` recognises only those of this copy.
   */
  static override is(error: unknown, code?: BackendErrorCode): error is BackendError {
    return CodedError.isNamed(NAME, error, code);
  }
}
