import { clusteredMean, clustersOf, designEffect } from "@mlan/statistics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reference } from "./reference.ts";

describe("clustersOf", () => {
  test("groups items with the same key, and leaves items without a key alone", () => {
    expect(clustersOf(["a", undefined, "b", "a", undefined])).toEqual([[0, 3], [1], [2], [4]]);
    expect(clustersOf([])).toEqual([]);
  });

  test("holds every place once, with equal keys inside and different keys between clusters", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.constantFrom("a", "b", "c", "__proto__"), { nil: undefined })), (keys) => {
        const clusters = clustersOf(keys);
        expect(clusters.flat().toSorted((a, b) => a - b)).toEqual(keys.map((_, place) => place));
        const names = clusters.map((places) => new Set(places.map((place) => keys[place])));
        for (const name of names) expect(name.size).toBe(1);
        const shared = names.flatMap((name) => [...name]).filter((name) => name !== undefined);
        expect(new Set(shared).size).toBe(shared.length);
      }),
    );
  });
});

describe("clusteredMean", () => {
  test.each(reference.clustered)(
    "agrees with statsmodels' cluster-robust error",
    ({ values, clusters, ...expected }) => {
      const found = clusteredMean({ values, clusters: clusters.map(String) });
      expect(found.mean).toBeCloseTo(expected.mean, 12);
      expect(found.standardError).toBeCloseTo(expected.standardError, 12);
    },
  );

  test("is s / sqrt(n) without clusters", () => {
    // Mean 5, squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32.
    const { mean, standardError } = clusteredMean({ values: [2, 4, 4, 4, 5, 5, 7, 9] });
    expect(mean).toBe(5);
    expect(standardError).toBeCloseTo(Math.sqrt(32 / 7 / 8), 12);
  });

  test("refuses what it cannot use", () => {
    expect(() => clusteredMean({ values: [] })).toThrow(/no clusters/);
    expect(() => clusteredMean({ values: [1, 2], clusters: ["a", "a"] })).toThrow(/is 1 cluster.*at least 2/);
    expect(() => clusteredMean({ values: [1, 2], clusters: ["a"] })).toThrow(/2 values, but clusters of 1/);
    expect(() => clusteredMean({ values: [1, Number.NaN] })).toThrow(/value 1 is NaN/);
  });
});

describe("designEffect", () => {
  test("is the number of copies when every question is asked several times", () => {
    const values = Array.from({ length: 300 }, (_, item) => Number(item % 3 === 0));
    const copied = values.flatMap((value) => [value, value, value, value]);
    const clusters = copied.map((_, item) => `${Math.floor(item / 4)}`);
    expect(designEffect({ values: copied, clusters })).toBeCloseTo(4, 1);
    expect(designEffect({ values })).toBeCloseTo(1, 12);
    expect(designEffect({ values: values.map(() => 1) })).toBe(1);
  });
});
