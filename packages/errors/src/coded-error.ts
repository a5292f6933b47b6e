/** The most characters in the message of a {@link CodedError}. */
export const LONGEST_MESSAGE = 10_000;

/** Shared by all installed copies of this package, which are different classes. */
const BRAND = Symbol.for("@mlan/errors");

/**
 * The base class of the errors that a user can act on. The message names the thing, the value found, and the way out; the
 * code says the same to programs. A message longer than {@link LONGEST_MESSAGE} loses its middle, so that it can be
 * printed whatever it quotes.
 *
 * A subclass sets its `name`, which no other subclass has, and has a static `is` that passes this name to
 * {@link CodedError.isNamed}.
 */
export abstract class CodedError<Code extends string = string> extends Error {
  abstract override readonly name: string;
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(withoutMiddle(message), options);
    this.code = code;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Recognises errors of every subclass and of any installed copy; `instanceof` recognises only this copy. */
  static is(error: unknown, code?: string): error is CodedError {
    return error instanceof Error && BRAND in error && "code" in error && (code === undefined || error.code === code);
  }

  /** Recognises errors of one subclass, and of any installed copy. */
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
