import { messageOf, pathOf } from "@mlan/errors";
import { MlanError } from "../errors.ts";

/** The `unavailable` error for a file that cannot be read, with the reason. */
export function unreadable(file: URL, cause: unknown): MlanError {
  return new MlanError("unavailable", `${pathOf(file)} cannot be read: ${messageOf(cause)}`, { cause });
}
