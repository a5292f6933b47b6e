import { sharedPrefixes } from "#internal/answer/shared-prefixes.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

/** The fixed cost of a shared prefix, and the minimum length of a prefix. */
const COST = 16;

test("every sequence is in one group, and begins with its group's prefix", () => {
  fc.assert(
    fc.property(sequences(), (given) => {
      const groups = sharedPrefixes(given);
      expect(groups.flatMap(({ members }) => members).toSorted((a, b) => a - b)).toEqual(
        given.map((_, index) => index),
      );
      for (const { length, members } of groups) {
        const [first] = members.map((member) => given[member]!.slice(0, length));
        for (const member of members) expect(given[member]!.slice(0, length)).toEqual(first);
        if (length > 0) expect(length).toBeGreaterThanOrEqual(16);
      }
    }),
  );
});

test("no other partition saves more", () => {
  fc.assert(
    fc.property(sequences(), (given) => {
      expect(saved(sharedPrefixes(given))).toBe(most(given));
    }),
    { numRuns: 200 },
  );
});

test("an image's questions form a group, and the others share the system prompt", () => {
  const system = range(0, 40);
  const image = range(1000, 600);
  const asked = (question: number, seen: readonly number[] = []): Int32Array =>
    Int32Array.from([...system, ...seen, 5000 + question]);
  const groups = sharedPrefixes([asked(1, image), asked(2, image), asked(3, image), asked(4), asked(5), asked(6)]);
  expect(groups).toEqual([
    { length: 640, members: [0, 1, 2] },
    { length: 40, members: [3, 4, 5] },
  ]);
});

test("thousands of sequences, each of which continues another", () => {
  const all = range(0, 4000);
  const groups = sharedPrefixes(all.map((length) => Int32Array.from(all.slice(0, length))));
  expect(groups.reduce((sum, { members }) => sum + members.length, 0)).toBe(4000);
});

/** Creates short sequences of blocks that share prefixes of many lengths. */
function sequences(): fc.Arbitrary<Int32Array[]> {
  const blocks = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 });
  return fc.array(
    blocks.map((names) => Int32Array.from(names.flatMap((name) => range(name * 100, 16 + name * 8)))),
    { minLength: 1, maxLength: 6 },
  );
}

function saved(groups: readonly { readonly length: number; readonly members: readonly number[] }[]): number {
  return groups.reduce(
    (sum, { length, members }) => sum + (length === 0 ? 0 : length * (members.length - 1) - COST),
    0,
  );
}

/** Finds the optimum by trying all partitions. */
function most(given: readonly Int32Array[], groups: readonly (readonly Int32Array[])[] = []): number {
  const [next, ...rest] = given;
  if (!next) return groups.reduce((sum, group) => sum + Math.max(0, common(group) * (group.length - 1) - COST), 0);
  const joined = groups.map((group, place) => groups.with(place, [...group, next]));
  return Math.max(...[...joined, [...groups, [next]]].map((partition) => most(rest, partition)));
}

function common([first = new Int32Array(), ...others]: readonly Int32Array[]): number {
  const end = first.findIndex((element, index) => others.some((other) => other[index] !== element));
  return end < 0 ? first.length : end;
}

function range(start: number, length: number): number[] {
  return Array.from({ length }, (_, index) => start + index);
}
