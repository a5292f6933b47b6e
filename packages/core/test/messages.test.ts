import { MlanError, pathOf, shownValue } from "@mlan/core";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

test.each(["/tmp/a b/ä %20.json", "/tmp/100%/", "/tmp/[x]#1?.json"])("shows the path %s as it is", (path) => {
  expect(pathOf(pathToFileURL(path))).toBe(path);
});

test.each(["https://example.org/a%20b", "file:///tmp/a%2Fb", "file:///tmp/%zz"])("leaves the address %s", (address) => {
  expect(pathOf(new URL(address))).toBe(address);
});

// prettier-ignore
test.each<[unknown, string]>([
  [undefined,         "nothing"],
  [null,              "null"],
  [3,                 "3"],
  [NaN,               "NaN"],
  [12345678901234567890n, "12345678901234567890"],
  ["a\n\ud800",       String.raw`"a\n\ud800"`],
  [[1, 2],            "a list of 2"],
  [{ a: 1 },          "an object"],
])("quotes %o as %s", (value, shown) => {
  expect(shownValue(value)).toBe(shown);
});

test("cuts what it quotes", () => {
  expect(shownValue("x".repeat(20_000_000))).toBe(`"${"x".repeat(59)}...`);
});

test("keeps both ends of a message that nobody could read", () => {
  const { message } = new MlanError("invalid-data", `data-x: ${"y".repeat(10_000_000)}. Remove it.`);
  expect(message.length).toBeLessThan(11_000);
  expect(message).toMatch(/^data-x: y+ \[\.\.\. 9990020 characters \.\.\.\] y+\. Remove it\.$/);
});
