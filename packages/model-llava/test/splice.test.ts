import type { ImageReference } from "@mlan/core";
import { shiftedTargets, splice, type SpliceRow } from "@mlan/model-llava";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const IMAGE = -200;
const NONE = -100;
const cat = image("cat");
const dog = image("dog");

describe("splicing", () => {
  it("replaces placeholders with images, each distinct image once", () => {
    const spliced = splice(
      [
        row([1, IMAGE, 5, 6], [NONE, NONE, 5, 6], [cat]),
        row([1, 7, IMAGE, 8, IMAGE], [NONE, 7, NONE, 8, NONE], [dog, cat]),
        row([1, 9], [NONE, 9], []),
      ],
      { rows: 4, length: 7, patches: 2 },
    );
    expect(spliced.images).toEqual([cat, dog]);
    expect(rowsOf(spliced.tokenIds, 7)).toEqual([
      [1, 0, 0, 5, 6, 0, 0],
      [1, 7, 0, 0, 8, 0, 0],
      [1, 9, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0],
    ]);
    // oxfmt-ignore
    expect(rowsOf(spliced.labels, 7)).toEqual([
      [NONE, NONE, NONE,    5,    6, NONE, NONE],
      [NONE,    7, NONE, NONE,    8, NONE, NONE],
      [NONE,    9, NONE, NONE, NONE, NONE, NONE],
      [NONE, NONE, NONE, NONE, NONE, NONE, NONE],
    ]);
    // 28 token embeddings, then the cat's two patches, then the dog's.
    // oxfmt-ignore
    expect(rowsOf(spliced.sources, 7)).toEqual([
      [ 0, 28, 29,  3,  4,  5,  6],
      [ 7,  8, 30, 31, 11, 28, 29],
      [14, 15, 16, 17, 18, 19, 20],
      [21, 22, 23, 24, 25, 26, 27],
    ]);
    expect(spliced).toMatchObject({ imagePositions: 6, textPositions: 8 });
    expect(shiftedTargets(spliced.labels, 7)).toEqual([
      { position: 2, token: 5 },
      { position: 3, token: 6 },
      { position: 7, token: 7 },
      { position: 10, token: 8 },
      { position: 14, token: 9 },
    ]);
  });

  it("cuts a row at its length, even within an image", () => {
    const spliced = splice([{ ...row([1, IMAGE, 5], [NONE, NONE, 5], [cat]), length: 2 }], {
      rows: 1,
      length: 4,
      patches: 2,
    });
    expect(rowsOf(spliced.sources, 4)).toEqual([[0, 4, 2, 3]]);
    expect(spliced).toMatchObject({ imagePositions: 1, textPositions: 1 });
  });

  it("names a row that has more placeholders than images", () => {
    expect(() => splice([row([1, IMAGE, IMAGE], [], [cat])], { rows: 1, length: 8, patches: 2 })).toThrow(
      /"row" has more <image> placeholders than its 1/,
    );
  });

  it("keeps every token and every label in order, for any rows", () => {
    const token = fc.integer({ min: 1, max: 99 });
    const rows = fc.array(fc.array(fc.oneof(token, fc.constant(IMAGE)), { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 4 }), (inputs, patches) => {
        const images = Array.from({ length: 6 }, (_, index) => image(`${index}`));
        const length = 6 * patches;
        const examples = inputs.map((ids) =>
          row(
            ids,
            ids.map((id) => (id === IMAGE ? NONE : id)),
            images,
            length,
          ),
        );
        const { tokenIds, labels, sources } = splice(examples, { rows: inputs.length, length, patches });
        const texts = rowsOf(tokenIds, length).map((ids) => ids.filter((id) => id > 0));
        expect(texts).toEqual(inputs.map((ids) => ids.filter((id) => id !== IMAGE)));
        labels.forEach((label, position) => expect([NONE, tokenIds[position]]).toContain(label));
        // Text positions read their own embeddings; the positions of an image read its patches in order.
        const features = rowsOf(sources, length).map((all) => all.filter((source) => source >= tokenIds.length));
        for (const [index, ids] of inputs.entries()) {
          const count = ids.filter((id) => id === IMAGE).length;
          expect(features[index]).toEqual(
            Array.from({ length: count * patches }, (_, patch) => tokenIds.length + patch),
          );
        }
        sources.forEach((source, position) => expect(source === position || source >= tokenIds.length).toBe(true));
      }),
    );
  });
});

function row(inputIds: number[], labels: number[], images: ImageReference[], length = 100): SpliceRow {
  return { id: "row", inputIds, labels, images, length };
}

function image(name: string): ImageReference {
  return { name, read: () => Promise.reject(new Error(`${name} was read`)) };
}

function rowsOf(values: Int32Array, length: number): number[][] {
  return Array.from({ length: values.length / length }, (_, index) =>
    Array.from(values.subarray(index * length, (index + 1) * length)),
  );
}
