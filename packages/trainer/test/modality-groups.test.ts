import { modalityGroups } from "#internal/modality-groups.ts";
import { torchRandom } from "#internal/torch-random.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** Words per conversation; negative without an image. */
const LENGTHS = [12, -5, 30, -8, -20, 7, 9, -11, -3, 15, -6, 22, -40, -2, 18, -9, -13, 4, -17, -1];

const groups = (lengths: readonly number[], groupLengths: "signed" | "absolute" = "signed"): readonly number[] =>
  modalityGroups({ lengths, microBatchSize: 2, microBatches: 2, random: torchRandom(42), groupLengths });

describe("torchRandom returns PyTorch's permutations", () => {
  it("after torch.manual_seed(42)", () => {
    const random = torchRandom(42);
    expect([...random.permutation(10)]).toEqual([2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
    expect([...random.permutation(7)]).toEqual([0, 5, 6, 1, 4, 2, 3]);
  });

  it("past the first refill of its state, every index once", () => {
    const order = torchRandom(0).permutation(2000);
    expect([...order].toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: 2000 }, (_, index) => index),
    );
  });
});

/** Expected orders: the original `llava/train/llava_trainer.py` run with torch.manual_seed(42). */
describe("modalityGroups orders like the original code", () => {
  // oxfmt-ignore
  it.each([
    ["mixed",    LENGTHS,                          [14, 17, 0, 6, 16, 13, 15, 10, 12, 19, 18, 1, 2, 3, 4, 5, 7, 8, 9, 11]],
    ["language", LENGTHS.map((n) => -Math.abs(n)), [15, 18, 14, 2, 1, 10, 0, 4, 8, 3, 6, 11, 13, 17, 7, 12, 19, 5, 16, 9]],
    ["image",    LENGTHS.map((n) => Math.abs(n)),  [2, 15, 14, 18, 4, 1, 0, 10, 11, 8, 6, 3, 12, 13, 7, 17, 9, 19, 16, 5]],
  ])("%s data", (_name, lengths, order) => {
    expect(groups(lengths)).toEqual(order);
  });

  it("treats language-only data like image data when it is strict", () => {
    expect(
      groups(
        LENGTHS.map((n) => -Math.abs(n)),
        "absolute",
      ),
    ).toEqual(groups(LENGTHS.map((n) => Math.abs(n))));
  });
});

describe("modalityGroups", () => {
  const signed = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: -400, max: -1 }));

  it("contains every conversation once", () => {
    fc.assert(
      fc.property(fc.array(signed, { minLength: 1, maxLength: 200 }), (lengths) => {
        expect([...groups(lengths)].toSorted((left, right) => left - right)).toEqual(lengths.map((_, index) => index));
      }),
    );
  });

  it("mixes modalities in the tail only", () => {
    fc.assert(
      fc.property(fc.array(signed, { minLength: 1, maxLength: 200 }), (lengths) => {
        const order = groups(lengths);
        const image = lengths.filter((length) => length > 0).length;
        const tail =
          image === 0 || image === lengths.length ? 0 : (image % 4 || 4) + ((lengths.length - image) % 4 || 4);
        for (let start = 0; start < order.length - tail; start += 4) {
          const step = order.slice(start, Math.min(start + 4, order.length - tail));
          expect(new Set(step.map((index) => (lengths[index] ?? 0) > 0)).size).toBe(1);
        }
      }),
    );
  });
});
