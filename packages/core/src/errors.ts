import { CodedError } from "@mlan/errors";

/** The reason of an {@link MlanError}, for programs. */
export type ErrorCode =
  /** An option, plugin or experiment that cannot work as written. */
  | "invalid-options"
  /** A row, image or file of a dataset that does not match its schema. */
  | "invalid-data"
  /** A checkpoint, tokenizer or configuration that is missing, truncated or contradictory. */
  | "invalid-checkpoint"
  /** A required plugin is not in `use`. */
  | "missing-plugin"
  /** A run folder that belongs to another experiment, or is damaged. */
  | "run-folder"
  /** A run folder in which another process is running. */
  | "in-use"
  /** A failure of the file system, the network or a device. */
  | "unavailable"
  /** A plugin that broke its contract. */
  | "contract";

const NAME = "MlanError";

/** An error that a user can act on. The message names the cause, the value found, and the remedy. */
export class MlanError extends CodedError<ErrorCode> {
  override readonly name: string = NAME;

  /**
   * Whether a value is an `MlanError`, with the given code if there is one. Unlike `instanceof`, recognizes errors of
   * every installed copy of core.
   */
  static override is(error: unknown, code?: ErrorCode): error is MlanError {
    return CodedError.isNamed(NAME, error, code);
  }
}

/**
 * Formats a value for a message: text as JSON, cut after 60 characters; lists, objects and functions as a short
 * description; undefined as "nothing".
 */
export function shownValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  const start = typeof value === "string" ? value.slice(0, LONGEST_VALUE + 1) : value;
  const text = typeof start === "string" ? JSON.stringify(start) : String(start);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text;
}

/**
 * Formats a count with its noun, e.g. "1 step", "12,000 steps". The default plural adds an "s"; `counted(2, "entry",
 * "entries")` sets another.
 */
export function counted(count: number, one: string, several: string = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : several}`;
}

const LONGEST_VALUE = 60;
