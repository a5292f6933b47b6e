import { checkOptions, MlanError } from "@mlan/core";
import { z } from "zod";
import type { LibraryPlaces } from "./find-library.ts";

export interface InstallOptions extends LibraryPlaces {
  /** Whether to build the binding and unpack a wheel again. Default false. */
  readonly force?: boolean;
  /** Called with a line of text at the start of each step. */
  readonly report?: (line: string) => void;
  readonly signal?: AbortSignal;
}

const place = z.string().min(1).optional();
const schema = z.strictObject({
  library: place,
  wheel: place,
  python: place,
  force: z.boolean().optional(),
  report: z.custom((value) => typeof value === "function", "expected a function").optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

/** Throws `invalid-options` for an option that is unknown or invalid. */
export function checkInstallOptions(options: InstallOptions): void {
  checkOptions("backend-tensorflow", schema, options);
  const named = (["library", "wheel", "python"] as const).filter((name) => options[name] !== undefined);
  if (named.length > 1) {
    const message = `backend-tensorflow: ${named.join(" and ")} exclude each other; name only one place.`;
    throw new MlanError("invalid-options", message);
  }
}
