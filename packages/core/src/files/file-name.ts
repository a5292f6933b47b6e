import { createHash } from "node:crypto";

/** Names that every file system accepts and keeps distinct. Names with a hash do not match, since they contain `+`. */
const PLAIN = /^[a-z0-9_](?:[a-z0-9_.-]{0,78}[a-z0-9_-])?$/;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/**
 * Turns a name into a file name. Different names get different file names, even on file systems that ignore letter
 * case. A name of lower-case letters, digits, dots, dashes and underscores stays as it is; any other name, or one that
 * Windows reserves, gets `+` and a hash appended.
 */
export function fileName(name: string): string {
  if (PLAIN.test(name) && !RESERVED.test(name)) return name;
  const readable = name.replaceAll(/[^\w-]+/g, "-").replace(/^-+/, "");
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return `${readable.slice(0, 60)}+${hash}`;
}
