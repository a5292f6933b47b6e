import { fileURLToPath } from "node:url";
import { MlanError } from "@mlan/core";
import { expect, test } from "vitest";
import { errorText } from "../src/project/error-text.ts";

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

const OURS = new URL("../src/work/run.ts", import.meta.url);
test.each([
  ["a path", fileURLToPath(OURS)],
  ["a URL", OURS.href],
  ["a URL with an escape", OURS.href.replace("/packages/", "/%70ackages/")],
])("frames of ours are left out where they name %s", (_, place) => {
  const error = new TypeError("wrong");
  error.stack = `TypeError: wrong\n    at ours (${place}:1:2)\n    at theirs (file:///home/me/plot.ts:3:4)`;
  expect(errorText(error, false)).toBe("TypeError: wrong\n    at theirs (file:///home/me/plot.ts:3:4)");
});
