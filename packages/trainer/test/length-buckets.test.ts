import { bucketFor, lengthBuckets } from "#internal/length-buckets.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const options = { multiple: 16, maximumCount: 3, maximumLength: 100 };

describe("lengthBuckets", () => {
  // oxfmt-ignore
  it.each([
    // needed                          maximumCount  buckets
    [[10],                                        3, [16]],
    [[10, 20, 40],                                3, [16, 32, 48]],
    [[10, 10, 20, 20, 20, 60],                    2, [32, 64]],
    [[10, 10, 10, 10, 10, 10, 60, 20],            2, [16, 64]],
    [[10, 99],                                    3, [16, 100]],
    [[10, 20, 30, 40, 50, 60],                    1, [64]],
    [[],                                          3, []],
  ])("%j in at most %i: %j", (needed, maximumCount, buckets) => {
    expect(lengthBuckets(needed, { ...options, maximumCount })).toEqual(buckets);
  });

  it("is never beaten by another choice of buckets", () => {
    const needed = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 30 });
    const other = fc.uniqueArray(fc.constantFrom(16, 32, 48), { maxLength: 2 });
    fc.assert(
      fc.property(needed, other, (lengths, shorter) => {
        const cost = (buckets: readonly number[]): number =>
          lengths.reduce((sum, length) => sum + bucketFor(length, buckets), 0);
        const chosen = lengthBuckets(lengths, options);
        expect(chosen.length).toBeLessThanOrEqual(3);
        expect(cost(chosen)).toBeLessThanOrEqual(cost([...shorter, 64].toSorted((left, right) => left - right)));
      }),
    );
  });
});

describe("bucketFor", () => {
  it("returns the smallest that holds the length", () => {
    expect([1, 16, 17, 48].map((length) => bucketFor(length, [16, 32, 48]))).toEqual([16, 16, 32, 48]);
  });

  it("refuses a length that none holds", () => {
    expect(() => bucketFor(49, [16, 32, 48])).toThrow(RangeError);
  });
});
