import { type InstallOptions, type InstallReport, installTensorFlow } from "@mlan/backend-tensorflow";
import { MlanError } from "@mlan/core";
import type { Machine } from "./machine.ts";

/** The messages of an install, and its result. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly report: InstallReport | undefined;
  /** "code: message" of an expected error. */
  readonly error: string | undefined;
}

export async function install(
  { environment }: Pick<Machine, "environment">,
  options: InstallOptions = {},
): Promise<Outcome> {
  const lines: string[] = [];
  try {
    const report = await installTensorFlow({ ...options, report: (line) => lines.push(line) }, environment);
    return { lines, report, error: undefined };
  } catch (error) {
    if (!MlanError.is(error)) throw error;
    return { lines, report: undefined, error: `${error.code}: ${error.message}` };
  }
}
