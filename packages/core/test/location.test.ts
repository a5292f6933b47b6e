import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fileLocation, folderLocation, MlanError, toFileUrl, toFolderUrl } from "@mlan/core";
import { expect, test } from "vitest";

// prettier-ignore
test.each([
  ["a relative path",          "runs/a b",             pathToFileURL(`${resolve("runs/a b")}/`).href],
  ["a trailing slash",         "runs/a/",              pathToFileURL(`${resolve("runs/a")}/`).href],
  ["characters of URLs",       "/tmp/50%/#1?",         pathToFileURL("/tmp/50%/#1?/").href],
  ["a URL",                    new URL("file:///t/x"), "file:///t/x/"],
  ["a URL with a slash",       new URL("file:///t/x/"), "file:///t/x/"],
  ["a URL as a string",        "file:///t/a%20b",      "file:///t/a%20b/"],
])("a folder from %s", (_, location, url) => {
  expect(toFolderUrl(location).href).toBe(url);
  expect(folderLocation.parse(location).href).toBe(url);
});

test("a file is no folder", () => {
  expect(toFileUrl("a/rows.jsonl").href).toBe(pathToFileURL(resolve("a/rows.jsonl")).href);
  expect(fileLocation.parse("images.zip").href).toBe(pathToFileURL(resolve("images.zip")).href);
});

// prettier-ignore
test.each([
  ["an empty path",     "",                           "found an empty one"],
  ["a web address",     "https://example.org/w",      "is not on this machine"],
  ["a URL of the web",  new URL("https://x.org/"),    "is not on this machine"],
  ["a number",          3,                            "found 3"],
  ["null",              null,                         "found null"],
  ["a NUL",             "a\0b",                       "expected a path"],
])("refuses %s", (_, location, message) => {
  expect(() => toFolderUrl(location as never)).toThrow(message);
  expect(() => toFileUrl(location as never)).toThrow(expect.toSatisfy((error) => MlanError.is(error, "invalid-options")));
  expect(folderLocation.safeParse(location).error?.message).toContain(message);
  expect(() => toFolderUrl(location as never, "weights")).toThrow(/^weights: /);
});
