import { fileURLToPath } from "node:url";

/**
 * A URL in readable form: a file URL as a decoded path with this system's separators, any other URL as it is. Never
 * throws: a file URL that is not a valid path (`%2F`, a broken escape) stays a URL.
 */
export function pathOf(url: URL): string {
  if (url.protocol !== "file:") return url.href;
  try {
    return fileURLToPath(url);
  } catch {
    return url.href;
  }
}
/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
