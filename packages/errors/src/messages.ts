import { fileURLToPath } from "node:url";
import { CodedError } from "./coded-error.ts";

/**
 * Formats a URL for messages: a file URL as a decoded path with this system's separators, any other URL unchanged.
 * Never throws. Returns a file URL that is not a valid path (`%2F`, a broken escape) unchanged.
 */
export function pathOf(url: URL): string {
  if (url.protocol !== "file:") return url.href;
  try {
    return fileURLToPath(url);
  } catch {
    return url.href;
  }
}

/** Returns the message of any value that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns the message of a thrown value for use inside another message: without the package name that precedes it. */
export function reasonOf(thrown: unknown): string {
  const message = messageOf(thrown);
  return CodedError.is(thrown) ? message.replace(/^[a-z][a-z\d-]*: /, "") : message;
}
