import { MlanError } from "@mlan/core";
import { expect, test } from "vitest";
import { errorText } from "../src/error-text.ts";

const LONG = `begin ${"y".repeat(20_000)} end`;

test("the text of an MlanError promises nothing that --verbose does not print", () => {
  const error = new MlanError("invalid-data", LONG);
  expect(errorText(error, false)).toBe(error.message);
  expect(errorText(error, false)).toMatch(/^begin [^-]*characters \.\.\.\][^-]* end$/);
  expect(errorText(error, false)).not.toContain("--verbose");
});

test.each([
  ["that was not foreseen", new Error(LONG)],
  ["with a code", Object.assign(new Error(LONG), { code: "ENOENT" })],
])("a long error %s is cut, and --verbose prints the rest", (_, error) => {
  const short = errorText(error, false);
  expect(short).toMatch(/characters more; --verbose prints them\)$/);
  expect(short).not.toContain(" end");
  expect(errorText(error, true)).toContain(LONG);
});
