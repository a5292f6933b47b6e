/** Why a {@link BackendError} was thrown, for programs. The message is for people. */
export type BackendErrorCode =
  /** A kernel, dtype or form of a call that this backend does not compute. */
  | "unsupported"
  /** ONNX Runtime's library that cannot be found or loaded, or has another version. */
  | "library"
  /** ONNX Runtime refused to compile or run a graph. */
  | "runtime"
  /** An option that cannot work as written. */
  | "invalid-options"
  /** A tensor or a backend that was used after it was disposed. */
  | "disposed";

const NAME = "BackendError";

/** An error of this backend that a user can act on: it names the thing, the value found, and the way out. */
export class BackendError extends Error {
  override readonly name: string = NAME;
  readonly code: BackendErrorCode;

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions) {
    super(`backend-onnx: ${message}`, options);
    this.code = code;
  }

  /** Recognises errors of any installed copy of this package; `instanceof` would know only this one. */
  static is(error: unknown, code?: BackendErrorCode): error is BackendError {
    if (!(error instanceof Error) || error.name !== NAME || !("code" in error)) return false;
    return code === undefined || error.code === code;
  }
}
