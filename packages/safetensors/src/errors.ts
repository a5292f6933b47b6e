import { fileURLToPath } from "node:url";

const NAME = "SafetensorsError";

/** Longer messages lose their middle. */
const LONGEST_MESSAGE = 4000;

/** `missing`: no such file or tensor. `damaged`: bytes that contradict the format. `unsupported`: a dtype not read, or a name not written here. */
export type SafetensorsErrorCode = "missing" | "damaged" | "unsupported";

/** An error of a file of weights that names the file, what was found in it, and what to do. Each format has a class below it. */
export class WeightFileError extends Error {
  readonly code: SafetensorsErrorCode;

  constructor(format: string, code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(`${format}: ${withoutMiddle(message)}`, options);
    this.code = code;
  }
}

/** An error of a safetensors file. */
export class SafetensorsError extends WeightFileError {
  override readonly name: string = NAME;

  constructor(code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super("safetensors", code, message, options);
  }

  /** Recognises errors of any installed copy of this package. */
  static is(error: unknown, code?: SafetensorsErrorCode): error is SafetensorsError {
    if (!(error instanceof Error) || error.name !== NAME || !("code" in error)) return false;
    return code === undefined || error.code === code;
  }
}

/** The file's decoded path, for messages; a URL that is no path on this machine stays an address. */
export function pathOf(file: URL): string {
  try {
    return fileURLToPath(file);
  } catch {
    return file.href;
  }
}

/** A value of a file as a message quotes it: text and lists of numbers cut to a line, anything else by its kind. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (!Array.isArray(value)) return typeof value === "object" && value !== null ? "an object" : String(value);
  const items = value.slice(0, 8).map((item) => (typeof item === "object" && item !== null ? "..." : shown(item)));
  return `[${items.join(", ")}${value.length > 8 ? `, ... ${value.length} in all` : ""}]`;
}

/** Names of files as a message lists them: the first eight in order, and how many more there are. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const rest = names.length > 8 ? ` and ${names.length - 8} more` : "";
  return `${names.toSorted().slice(0, 8).join(", ")}${rest}`;
}

function withoutMiddle(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  const half = LONGEST_MESSAGE / 2;
  return `${message.slice(0, half)} [...] ${message.slice(-half)}`;
}
