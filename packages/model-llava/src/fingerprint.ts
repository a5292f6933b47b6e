import { createHash } from "node:crypto";

/** Returns the SHA-256 of a value's JSON as 64 hexadecimal digits, synchronously. Depends on the order of keys. */
export function fingerprintNow(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
