import { checkOptions, counted, fileLocation, MlanError } from "@mlan/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const schema = z.strictObject({
  name: z.string().min(1).exactOptional(),
  size: z.int().min(1).exactOptional(),
  share: z.number().gt(0).lt(1).exactOptional(),
  tags: z.array(z.string()).min(2).exactOptional(),
  on: z.boolean().exactOptional(),
  kind: z.enum(["a", "b", "c"]).exactOptional(),
  device: z.union([z.literal("gpu"), z.literal("cpu"), z.int().min(0)]).exactOptional(),
  file: fileLocation.exactOptional(),
  data: z.custom<object>((value) => typeof value === "object", "expected a dataset").exactOptional(),
  check: z.custom<string>(() => false, "it has to divide the batch.").exactOptional(),
  asks: z.custom<string>(() => false, "is a call missing?").exactOptional(),
  inner: z.strictObject({ length: z.int() }).exactOptional(),
});
const messageFor = (options: unknown, of: z.ZodType = schema): string => {
  try {
    checkOptions("maker", of, options);
  } catch (error) {
    if (MlanError.is(error, "invalid-options")) return error.message;
    throw error;
  }
  return "no error";
};

describe("an option that is not as expected is named in plain words, with what was found", () => {
  // prettier-ignore
  test.each<[unknown, string]>([
    [{ name: 3 },                'option "name": expected text, found 3.'],
    [{ name: "" },               'option "name": expected text of at least 1 character, found "".'],
    [{ name: undefined },        'option "name": expected text, found nothing.'],
    [{ size: "3" },              'option "size": expected a number, found "3".'],
    [{ size: 1.5 },              'option "size": expected a whole number, found 1.5.'],
    [{ size: 0 },                'option "size": expected a number of at least 1, found 0.'],
    [{ size: NaN },              'option "size": expected a number, found NaN.'],
    [{ share: 0 },               'option "share": expected a number greater than 0, found 0.'],
    [{ share: 1 },               'option "share": expected a number less than 1, found 1.'],
    [{ tags: "a" },              'option "tags": expected a list, found "a".'],
    [{ tags: ["a"] },            'option "tags": expected a list of at least 2 entries, found a list of 1.'],
    [{ tags: ["a", null] },      'option "tags.1": expected text, found null.'],
    [{ on: "yes" },              'option "on": expected true or false, found "yes".'],
    [{ kind: "d" },              'option "kind": expected "a", "b" or "c", found "d".'],
    [{ device: "tpu" },          'option "device": expected "gpu", "cpu" or a number, found "tpu".'],
    [{ file: 3 },                'option "file": expected a path or a file: URL, found 3.'],
    [{ file: () => 3 },          'option "file": expected a path or a file: URL, found the function file.'],
    [{ data: "x" },              'option "data": expected a dataset, found "x".'],
    [{ check: "x" },             'option "check": it has to divide the batch.'],
    [{ asks: "x" },              'option "asks": is a call missing?'],
    [{ inner: { length: "x" } }, 'option "inner.length": expected a number, found "x".'],
    [{ inner: { length: 1, l: 1 } }, 'there is no option "inner.l".'],
    [{ name: 3, size: 0 },       'option "name": expected text, found 3; option "size": expected a number of at least 1, found 0.'],
    [undefined,                  "expected an object, found nothing."],
    [[],                         "expected an object, found a list of 0."],
  ])("%o", (options, message) => {
    expect(messageFor(options)).toBe(`maker: ${message}`);
  });
});

test("an unknown one comes with those that there are", () => {
  const small = z.strictObject({ folder: z.string().exactOptional(), size: z.number().exactOptional() });
  expect(messageFor({ foldr: 1 }, small)).toBe('maker: there is no option "foldr". Its options are folder, size.');
});

test("options that are as expected come back, changed as the schema says", () => {
  expect(checkOptions("maker", schema, { file: "/a b" })).toEqual({ file: new URL("file:///a%20b") });
});

test.each([
  [0, "0 steps"],
  [1, "1 step"],
  [2, "2 steps"],
  [12_000, "12,000 steps"],
])("%i of a thing are counted as %s", (count, text) => {
  expect(counted(count, "step")).toBe(text);
});

test("an irregular plural is given", () => {
  expect([counted(1, "entry", "entries"), counted(3, "entry", "entries")]).toEqual(["1 entry", "3 entries"]);
});
