import { createHash } from "node:crypto";

/** Names that every file system accepts and keeps distinct. A name with a hash contains `+` and does not match. */
const PLAIN = /^[a-z0-9_](?:[a-z0-9_.-]{0,78}[a-z0-9_-])?$/;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/**
 * Converts a name into a file name. Different names have different file names, even on file systems that ignore letter
 * case. A name of lower-case letters, digits, dots, dashes and underscores stays as it is. Any other name, and any name
 * that Windows reserves, is followed by `+` and a hash.
 */
export function fileName(name: string): string {
  if (PLAIN.test(name) && !RESERVED.test(name)) return name;
  const readable = name.replaceAll(/[^\w-]+/g, "-").replace(/^-+/, "");
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return `${readable.slice(0, 60)}+${hash}`;
}
