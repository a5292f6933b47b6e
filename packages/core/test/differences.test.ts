import { differencesOf } from "@mlan/core";
import { expect, test } from "vitest";

// prettier-ignore
test.each<[string, unknown, unknown, readonly string[]]>([
  ["equal values",       { a: [1, { b: 2 }] },      { a: [1, { b: 2 }] },      []],
  ["order of keys",      { a: 1, b: 2 },            { b: 2, a: 1 },            []],
  ["values",             { a: { b: 1 }, c: 2 },     { a: { b: 2 }, c: 3 },     ["run.a.b was 1, now it is 2", "run.c was 2, now it is 3"]],
  ["a key more",         {},                        { a: null },               ["run.a was absent, now it is null"]],
  ["lists of objects",   { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] }, ["run.a.1.b was 2, now it is 3"]],
  ["an object more",     { a: [{ b: 1 }] },         { a: [{ b: 1 }, { b: 2 }] }, ['run.a.1 was absent, now it is {"b":2}']],
  ["lists of values",    { a: [1, 2] },             { a: [1, 3, 4] },          ["run.a was [1,2], now it is [1,3,4]"]],
  ["kinds of values",    { a: [{ b: 1 }] },         { a: "b" },                ['run.a was [{"b":1}], now it is "b"']],
])("%s", (_, before, now, differences) => {
  expect(differencesOf(before, now, "run")).toEqual(differences);
});

test("places without a path begin with the key", () => {
  expect(differencesOf({ seed: 7 }, { seed: 8 })).toEqual(["seed was 7, now it is 8"]);
});
