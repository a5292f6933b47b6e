import { expect } from "vitest";

// Without this, `toEqual` compares two typed arrays number by number, which takes microseconds for each. Arrays of one
// type with the same bytes are equal; of all others vitest decides.
const ADDED = Symbol.for("mlan.equal-bytes");

// Where files share a process, this file is run for each of them.
if (!(ADDED in globalThis)) {
  expect.addEqualityTesters([
    (a: unknown, b: unknown): true | undefined => (isTyped(a) && isTyped(b) && haveSameBytes(a, b) ? true : undefined),
  ]);
  Object.defineProperty(globalThis, ADDED, { value: true });
}

function isTyped(value: unknown): value is NodeJS.TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function haveSameBytes(a: NodeJS.TypedArray, b: NodeJS.TypedArray): boolean {
  return a.constructor === b.constructor && a.byteLength === b.byteLength && bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
