import { localFolder, parsePythonLiteral, pythonList, type PythonValue, rowsFrom } from "@mlan/data-kit";
import { folderWith } from "@mlan/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { allRows } from "./all-rows.ts";

// What `ast.literal_eval` of Python 3.11 gave for these.
// prettier-ignore
test.each([
  ["[{'question': \"Where's Tom?\", 'options': ['a', 'b']}]", [{ question: "Where's Tom?", options: ["a", "b"] }]],
  [`'\\101\\x41\\u0041\\U00000041\\q\\\nz'`,  "AAAA\\qz"],
  [`"\\n\\t\\\\\\'\\"\\r\\0"`,                "\n\t\\'\"\r\0"],
  [`r'\\n\\'x'`,                              "\\n\\'x"],
  [`u'x' "y" r'\\z'`,                         "xy\\z"],
  ["('a'\n 'b')",                             "ab"],
  ["'''a'b\n''c'''",                          "a'b\n''c"],
  ["'' \"\"",                                 ""],
  ["(1,)",                                    [1]],
  ["()",                                      []],
  ["(1)",                                     1],
  ["(None)",                                  null],
  ["[1,2,]",                                  [1, 2]],
  ["[ # one\n 1]",                            [1]],
  ["[None, True, False]",                     [null, true, false]],
  ["[0x1F, 0o17, 0b11, 1_000]",               [31, 15, 3, 1000]],
  ["[1., -.5e-3, + 3, -0, 1e+16]",            [1, -0.0005, 3, 0, 1e16]],
  ["{'a': 1, 'a': 2, '__proto__': 3}",        Object.fromEntries([["a", 2], ["__proto__", 3]])],
])("reads %j", (text, value) => expect(parsePythonLiteral(text)).toStrictEqual(value));

// Python refuses each of these, or it has no equal value here.
// prettier-ignore
test.each([
  ["",                "character 1: expected a value, found the end"],
  ["[1",              'character 3: expected "," or "]", found the end'],
  ["[1 2]",           'character 4: expected "," or "]", found "2]"'],
  ["[1,,2]",          'character 4: expected a value, found ",2]"'],
  ["(,)",             'character 2: expected a value, found ",)"'],
  ["[1)",             'character 3: expected "," or "]", found ")"'],
  ["{'a' 1}",         'character 6: expected ":", found "1}"'],
  ["{1: 2}",          'character 2: expected a string as key, found "1: 2}"'],
  ["{'a', 'b'}",      "character 5: expected \":\", found \", 'b'}\""],
  ["['a",             "character 4: expected ' for the string that begins at character 2, found the end"],
  ["'a\nb'",          "character 3: expected ' for the string that begins at character 1, found \"\\nb'\""],
  ["'''a''",          "character 7: expected ''' for the string that begins at character 1, found the end"],
  ["'\\x4'",          "character 2: expected \\x with 2, \\u with 4 or \\U with 8 hexadecimal digits"],
  ["'\\N{DIGIT ONE}'", "character 2: expected \\x with 2"],
  ["'\\U00110000'",   "character 2: expected a code point of at most 10ffff"],
  ["01",              'character 1: expected a number, found "01"'],
  ["1j",              'character 1: expected a number, found "1j"'],
  ["9007199254740993", "character 1: expected an integer below 2^53"],
  ["Truer",           'character 1: expected a value, found "Truer"'],
  ["null",            'character 1: expected a value, found "null"'],
  ["b'a'",            "character 1: expected a value, found \"b'a'\""],
  ["1 2",             'character 3: expected the end, found "2"'],
  ["__import__('os')", 'character 1: expected a value, found "__import__(\'"'],
])("refuses %j and names the place", (text, message) => {
  const read = (): unknown => parsePythonLiteral(text);
  expect(read).toThrow(expect.objectContaining({ code: "invalid-data" }));
  expect(read).toThrow(message);
});

test("refuses brackets beyond Python's own depth instead of running out of stack", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(() => parsePythonLiteral(nested(200))).not.toThrow();
  expect(() => parsePythonLiteral(nested(100_000))).toThrow("expected at most 200 nested brackets");
});

describe("gives back what Python writes", () => {
  // No lone surrogates: two that meet are one character here, and stay two in Python.
  const text = fc.string({ unit: "binary" });
  const { value } = fc.letrec<{ value: PythonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false),
      fc.maxSafeInteger(),
      // Whole numbers from 2^53 on would be written as integers, which are refused.
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter((value) => Math.abs(value) < 2 ** 53 || Math.abs(value) > 1e21),
      text,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(text, tie("value"), { maxKeys: 4 }),
    ),
  }));

  test("as lists", () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(parsePythonLiteral(repr(one, "[]"))).toStrictEqual(plain(one));
      }),
    );
  });

  test("as tuples", () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(parsePythonLiteral(repr(one, "()"))).toStrictEqual(plain(one));
      }),
    );
  });

  test("as texts cut short, which it refuses", () => {
    const cut = fc.array(value, { minLength: 1 }).chain((items) => {
      const written = repr(items, "[]");
      return fc.nat(written.length - 1).map((length) => written.slice(0, length));
    });
    fc.assert(
      fc.property(cut, (part) => {
        expect(() => parsePythonLiteral(part)).toThrow("Python literal, character");
      }),
    );
  });
});

/** Removes the sign of zero from integers, as Python does. */
function plain(value: PythonValue): PythonValue {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Returns Python's `repr` of a value, with lists written as lists or as tuples. */
function repr(value: PythonValue, [open, close]: string): string {
  const inner = (item: PythonValue): string => repr(item, `${open}${close}`);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return reprOfText(value);
  if (Array.isArray(value)) {
    const items = value.map(inner);
    return `${open}${items.join(", ")}${open === "(" && items.length === 1 ? "," : ""}${close}`;
  }
  return `{${Object.entries(value)
    .map(([key, item]) => `${reprOfText(key)}: ${inner(item)}`)
    .join(", ")}}`;
}

function reprOfText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const characters = [...text].map((character) => {
    const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", [quote]: `\\${quote}` }[character];
    if (named !== undefined) return named;
    if (character === " " || !/[\p{C}\p{Z}]/u.test(character)) return character;
    const digits = (character.codePointAt(0) ?? 0).toString(16);
    if (digits.length <= 2) return `\\x${digits.padStart(2, "0")}`;
    return digits.length <= 4 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  });
  return `${quote}${characters.join("")}${quote}`;
}

describe("a column of lists that Python may have written", () => {
  const read = async (name: string, text: string) => {
    const source = localFolder("t", await folderWith({ [name]: text }));
    const schema = z.object({
      options: pythonList(z.string()).refine(({ length }) => length !== 1, "expected 2 options"),
    });
    return (await allRows(rowsFrom({ errorPrefix: "t", source, files: ["*"], schema }))).map(({ options }) => options);
  };
  const line = (options: unknown): string => JSON.stringify({ options });

  test("holds lists in either form", async () => {
    const texts = ["['it\\'s', \"b\"]", "[]", '["a", "b"]', "('a', 'b',)"];
    const expected = [["it's", "b"], [], ["a", "b"], ["a", "b"]];
    expect(await read("rows.jsonl", [...texts, ["c", "d"]].map(line).join("\n"))).toEqual([...expected, ["c", "d"]]);
    const cells = texts.map((text) => `"${text.replaceAll('"', '""')}"`);
    expect(await read("rows.csv", ["options", ...cells].join("\n"))).toEqual(expected);
  });

  // prettier-ignore
  test.each<[unknown, string]>([
    ["['a'",         `column "options": Python literal, character 5: expected "," or "]", found the end`],
    ["{'a': 'b'}",   `column "options": expected a list, found "{'a': 'b'}"`],
    ["['a', 1]",     `column "options.1": expected text, found 1`],
    ["['a' 'b']",    `column "options": expected a list, found "['a' 'b']", which is a list as printed by numpy`],
    ["['a']",        `column "options": expected 2 options, found "['a']"`],
    [null,           `column "options": expected a list, found null`],
    ["",             `column "options": Python literal, character 1: expected a value, found the end`],
  ])("is refused where it has %j", async (value, problem) => {
    await expect(read("rows.jsonl", line(value))).rejects.toThrow(problem);
  });
});
