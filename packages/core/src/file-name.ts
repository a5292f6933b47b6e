import { createHash } from "node:crypto";

/** What every file system keeps apart and none reserves, and is no name with a hash. */
const PLAIN = /^[a-z0-9_](?:[a-z0-9_.-]{0,78}[a-z0-9_-])?$/;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/**
 * A name as a file name. Different names get different ones, on file systems that ignore letter case too: lower-case
 * letters, digits, dots, dashes and underscores stay as they are; a name of anything else, or one that Windows reserves,
 * is followed by `+` and a hash.
 */
export function fileName(name: string): string {
  if (PLAIN.test(name) && !RESERVED.test(name)) return name;
  const readable = name.replaceAll(/[^\w-]+/g, "-").replace(/^-+/, "");
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return `${readable.slice(0, 60)}+${hash}`;
}
