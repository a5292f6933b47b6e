/** Why an {@link MlanError} was thrown, for programs. The message is for people. */
export type ErrorCode =
  /** An option, a plugin or an experiment that cannot work as written. */
  | "invalid-options"
  /** A row, an image or a file of a dataset that is not what its schema says. */
  | "invalid-data"
  /** A checkpoint, tokenizer or configuration that is missing, truncated or contradicts itself. */
  | "invalid-checkpoint"
  /** A plugin that is needed and not in `use`. */
  | "missing-plugin"
  /** A run folder that belongs to another experiment, or is damaged. */
  | "run-folder"
  /** A file system, network or device that did not do what was asked. */
  | "unavailable"
  /** A contract broken by a plugin. */
  | "contract";

const NAME = "MlanError";

/** An error that a user can act on: it names the thing, the value found, and the way out. */
export class MlanError extends Error {
  override readonly name: string = NAME;
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Recognises errors of any installed copy of core; `instanceof` would know only this one. */
  static is(error: unknown, code?: ErrorCode): error is MlanError {
    if (!(error instanceof Error) || error.name !== NAME || !("code" in error)) return false;
    return code === undefined || error.code === code;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
