import { CodedError } from "@mlan/errors";

const NAME = "SafetensorsError";

/**
 * `missing`: there is no such file or tensor. `damaged`: the bytes contradict the format. `unsupported`: the dtype
 * cannot be read, or the name cannot be written.
 */
export type SafetensorsErrorCode = "missing" | "damaged" | "unsupported";

/** An error of a weight file: names the file, the content and the remedy. Each format has a subclass. */
export abstract class WeightFileError extends CodedError<SafetensorsErrorCode> {
  constructor(format: string, code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(code, `${format}: ${message}`, options);
  }
}

export class SafetensorsError extends WeightFileError {
  override readonly name: string = NAME;

  constructor(code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super("safetensors", code, message, options);
  }

  /**
   * Whether a value is a `SafetensorsError`, optionally with this code. Recognizes errors of every installed copy of
   * this package.
   */
  static override is(error: unknown, code?: SafetensorsErrorCode): error is SafetensorsError {
    return CodedError.isNamed(NAME, error, code);
  }
}

/** Formats a value from a file for messages: text and lists of numbers in one line, anything else as its kind. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (!Array.isArray(value)) return typeof value === "object" && value !== null ? "an object" : String(value);
  const items = value.slice(0, 8).map((item) => (typeof item === "object" && item !== null ? "..." : shown(item)));
  return `[${items.join(", ")}${value.length > 8 ? `, ... ${value.length} in all` : ""}]`;
}

/** Formats file names for messages: the first eight in order, and the number of the others. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const rest = names.length > 8 ? ` and ${names.length - 8} more` : "";
  return `${names.toSorted().slice(0, 8).join(", ")}${rest}`;
}
