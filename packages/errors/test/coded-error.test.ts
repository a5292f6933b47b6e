import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { BackendError } from "@mlan/backend-onnx";
import { MlanError } from "@mlan/core";
import { CodedError, LONGEST_MESSAGE, messageOf, pathOf } from "@mlan/errors";
import { PytorchFileError } from "@mlan/pytorch-files";
import { SafetensorsError } from "@mlan/safetensors";

const errors = [
  { type: MlanError, error: new MlanError("invalid-data", "a row is empty") },
  { type: BackendError, error: new BackendError("library", "no library") },
  { type: SafetensorsError, error: new SafetensorsError("missing", "no file") },
  { type: PytorchFileError, error: new PytorchFileError("damaged", "no end") },
];

test.each(errors)("$type.name is a coded error, and no other class takes it for its own", ({ type, error }) => {
  expect(CodedError.is(error)).toBe(true);
  expect(CodedError.is(error, error.code)).toBe(true);
  expect(CodedError.is(error, "another code")).toBe(false);
  expect(errors.filter((other) => other.type.is(error)).map((other) => other.type)).toEqual([type]);
  expect(error.toString()).toBe(`${type.name}: ${error.message}`);
});

test("errors of another installed copy are recognised", async () => {
  const { CodedError: Copy }: { CodedError: typeof CodedError } = await import(
    new URL("../src/coded-error.ts?copy", import.meta.url).href
  );
  class CopiedError extends Copy {
    override readonly name = "MlanError";
  }
  const error = new CopiedError("contract", "from a copy");
  expect(error instanceof CodedError).toBe(false);
  expect(CodedError.is(error, "contract")).toBe(true);
  expect(MlanError.is(error, "contract")).toBe(true);
  expect(MlanError.is(error, "invalid-data")).toBe(false);
});

test.each([
  ["an error of the system", Object.assign(new Error("no such file"), { code: "ENOENT" })],
  ["text", "MlanError"],
  ["nothing", undefined],
])("%s is no coded error", (_, thrown) => expect(CodedError.is(thrown)).toBe(false));

test("a long message loses its middle", () => {
  const { message } = new SafetensorsError("damaged", "x".repeat(LONGEST_MESSAGE * 3));
  expect(message.length).toBeLessThan(LONGEST_MESSAGE + 40);
  expect(message).toMatch(/^safetensors: x+ \[\.\.\. \d+ characters \.\.\.\] x+$/);
});

test("anything thrown has a message, and any URL a readable form", () => {
  expect([new Error("a"), "b", undefined].map(messageOf)).toEqual(["a", "b", "undefined"]);
  const file = pathToFileURL("/tmp/a b.json");
  expect(pathOf(file)).toBe("/tmp/a b.json");
  expect(pathOf(new URL("https://example.org/a%20b"))).toBe("https://example.org/a%20b");
});
