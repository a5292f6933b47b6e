import { fileURLToPath } from "node:url";

/**
 * A URL as people read it: a file's path on this machine, decoded and with this system's separators; any other URL as
 * its address. Never throws: a path that no file system can have (`%2F`, a broken escape) stays an address.
 */
export function pathOf(url: URL): string {
  if (url.protocol !== "file:") return url.href;
  try {
    return fileURLToPath(url);
  } catch {
    return url.href;
  }
}
