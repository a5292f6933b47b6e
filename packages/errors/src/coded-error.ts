/** Maximum number of characters in the message of a {@link CodedError}. */
export const LONGEST_MESSAGE = 10_000;

/** Marks the errors of all installed copies of this package. Each copy has its own class. */
const BRAND = Symbol.for("@mlan/errors");

/**
 * The base class of errors that a user can act on. The message names the cause, the value found, and the remedy. The
 * code is for programs. A message longer than {@link LONGEST_MESSAGE}, which may quote data of any size, is cut in the
 * middle.
 *
 * Each subclass sets a unique `name`, and has a static method `is` that passes this name to {@link CodedError.isNamed}.
 */
export abstract class CodedError<Code extends string = string> extends Error {
  abstract override readonly name: string;
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(withoutMiddle(message), options);
    this.code = code;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Whether a value is an error of any subclass, with the given code if there is one. Unlike `instanceof`, recognizes
   * errors of every installed copy.
   */
  static is(error: unknown, code?: string): error is CodedError {
    return error instanceof Error && BRAND in error && "code" in error && (code === undefined || error.code === code);
  }

  /** Whether a value is an error of one subclass, of any installed copy. */
  protected static isNamed(name: string, error: unknown, code?: string): boolean {
    return CodedError.is(error, code) && error.name === name;
  }
}

function withoutMiddle(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  const half = LONGEST_MESSAGE / 2;
  const left = message.length - 2 * half;
  return `${message.slice(0, half)} [... ${left} characters ...] ${message.slice(-half)}`;
}
