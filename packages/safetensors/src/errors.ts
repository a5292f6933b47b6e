import { fileURLToPath } from "node:url";

const NAME = "SafetensorsError";

/** `missing`: no such file or tensor. `damaged`: bytes that contradict the format. `unsupported`: a dtype not read here. */
export type SafetensorsErrorCode = "missing" | "damaged" | "unsupported";

/** An error that names the file, what was found in it, and what to do. */
export class SafetensorsError extends Error {
  override readonly name: string = NAME;
  readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(`safetensors: ${message}`, options);
    this.code = code;
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
