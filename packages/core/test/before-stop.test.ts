import { beforeStop } from "@mlan/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("beforeStop", () => {
  test.each([
    ['yes". The rest', ['"', "."], "yes"],
    ['yes. "', ['"', "."], "yes"],
    ["yes\nUser: next", ["User:", "\n"], "yes"],
    ["no stop here", ["User:"], "no stop here"],
    ['"first', ['"'], ""],
    ["", ['"'], ""],
    ["yes", [], "yes"],
  ])("of %j at %j leaves %j", (text, stop, expected) => {
    expect(beforeStop(text, stop)).toBe(expected);
  });

  const cases = fc.tuple(
    fc.string({ unit: fc.constantFrom("a", "b", "\n", '"', " ") }),
    fc.array(fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom("a", "b", "\n", '"') })),
  );

  test("leaves a prefix that holds no stop string, and no longer one would do", () => {
    fc.assert(
      fc.property(cases, ([text, stop]) => {
        const cut = beforeStop(text, stop);
        expect(text.startsWith(cut)).toBe(true);
        for (const one of stop) expect(cut).not.toContain(one);
        if (cut !== text) expect(stop.some((one) => text.startsWith(one, cut.length))).toBe(true);
      }),
    );
  });

  test("does not depend on the order of the stop strings and is done after one pass", () => {
    fc.assert(
      fc.property(cases, ([text, stop]) => {
        const cut = beforeStop(text, stop);
        expect(beforeStop(text, stop.toReversed())).toBe(cut);
        expect(beforeStop(cut, stop)).toBe(cut);
      }),
    );
  });
});
