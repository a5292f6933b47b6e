import { CodedError, pathOf } from "@mlan/errors";
import { type SafetensorsErrorCode, WeightFileError } from "@mlan/safetensors";

const NAME = "PytorchFileError";

/**
 * `missing`: no such file or tensor. `damaged`: the bytes contradict the format. `unsupported`: an intact file with
 * features that this package does not support.
 */
export type PytorchFileErrorCode = SafetensorsErrorCode;

/** An error of a PyTorch file. The message contains the file, what was found in it, and the remedy. */
export class PytorchFileError extends WeightFileError {
  override readonly name: string = NAME;

  constructor(code: PytorchFileErrorCode, message: string, options?: ErrorOptions) {
    super("pytorch-files", code, message, options);
  }

  /**
   * Whether a value is a `PytorchFileError`, with the given code if there is one. Unlike `instanceof`, recognizes
   * errors of every installed copy of this package.
   */
  static override is(error: unknown, code?: PytorchFileErrorCode): error is PytorchFileError {
    return CodedError.isNamed(NAME, error, code);
  }
}

/** Returns the error for a file whose bytes contradict the format or each other. */
export function damaged(file: URL, what: string, options?: ErrorOptions): PytorchFileError {
  return new PytorchFileError("damaged", `${pathOf(file)} is damaged: ${what}. Download or write it again.`, options);
}

/**
 * Returns the error for an intact file with features that this package does not support. `remedy` is a
 * sentence without its full stop.
 */
export function unsupported(file: URL, what: string, remedy: string): PytorchFileError {
  return new PytorchFileError("unsupported", `${pathOf(file)} ${what}. ${remedy}.`);
}
