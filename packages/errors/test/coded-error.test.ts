import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { CodedError, LONGEST_MESSAGE, messageOf, pathOf, reasonOf } from "@mlan/errors";

/** An error class as a package defines it. */
class OwnError extends CodedError {
  override readonly name = "OwnError";

  static override is(error: unknown, code?: string): error is OwnError {
    return CodedError.isNamed("OwnError", error, code);
  }
}

test("errors of another installed copy are recognized", async () => {
  const { CodedError: Copy }: { CodedError: typeof CodedError } = await import(
    new URL("../src/coded-error.ts?copy", import.meta.url).href
  );
  class CopiedError extends Copy {
    override readonly name = "OwnError";
  }
  const error = new CopiedError("contract", "from a copy");
  expect(error instanceof CodedError).toBe(false);
  expect(CodedError.is(error, "contract")).toBe(true);
  expect(OwnError.is(error, "contract")).toBe(true);
  expect(OwnError.is(error, "invalid-data")).toBe(false);
});

test.each([
  ["an error of the system", Object.assign(new Error("no such file"), { code: "ENOENT" })],
  ["text", "OwnError"],
  ["nothing", undefined],
])("%s is no coded error", (_, thrown) => expect(CodedError.is(thrown)).toBe(false));

test("a long message loses its middle", () => {
  const { message } = new OwnError("damaged", "x".repeat(LONGEST_MESSAGE * 3));
  expect(message.length).toBeLessThan(LONGEST_MESSAGE + 40);
  expect(message).toMatch(/^x+ \[\.\.\. \d+ characters \.\.\.\] x+$/);
});

test("a reason is a message without the package that precedes it", () => {
  expect(reasonOf(new OwnError("damaged", "safetensors: a.bin: is empty"))).toBe("a.bin: is empty");
  expect(reasonOf(new OwnError("damaged", "/tmp/a: is empty"))).toBe("/tmp/a: is empty");
  expect(reasonOf(new Error("read: failed"))).toBe("read: failed");
});

test("anything thrown has a message, and any URL a readable form", () => {
  expect([new Error("a"), "b", undefined].map(messageOf)).toEqual(["a", "b", "undefined"]);
  const file = pathToFileURL("/tmp/a b.json");
  expect(pathOf(file)).toBe("/tmp/a b.json");
  expect(pathOf(new URL("https://example.org/a%20b"))).toBe("https://example.org/a%20b");
});
