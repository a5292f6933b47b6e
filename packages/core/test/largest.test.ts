import { largest } from "#internal/run/largest.ts";
import { concat, type Dataset, defineDataset, type Examples, filter, mix, shuffle, take } from "@mlan/core";
import { expect, it } from "vitest";

const EXAMPLES = 700;

/** A dataset of texts in no order of length, and the indexes of the texts that were read. */
function texts(name: string): { readonly data: Dataset<string>; readonly read: number[] } {
  const read: number[] = [];
  const data = defineDataset<string, string>({
    name,
    rows: async () => Array.from({ length: EXAMPLES }, (_, index) => `${name} ${"x".repeat((index * 389) % EXAMPLES)}`),
    toExample: (row, index) => {
      read.push(index);
      return row;
    },
  });
  return { data, read };
}

const sizeOf = (text: string): number => text.length;

async function all<Example>(examples: Examples<Example>): Promise<readonly Example[]> {
  return Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
}

it("finds the largest examples of every view, and reads each example once for its size", async () => {
  const [a, b] = [texts("a"), texts("b")];
  const [first, second] = [await a.data.open(), await b.data.open()];
  const opened = { ...a.data, open: async () => first };
  const other = { ...b.data, open: async () => second };
  const views = [
    opened,
    mix(
      [
        { data: opened, share: 1 },
        { data: other, share: 1 },
      ],
      { total: EXAMPLES, seed: 1 },
    ),
    take(shuffle(concat(other, opened), 2), EXAMPLES),
    filter(shuffle(opened, 3), (text) => text.length % 2 === 0),
  ];
  for (const view of views) {
    const examples = await view.open();
    const expected = (await all(examples)).toSorted((one, another) => another.length - one.length).slice(0, 256);
    const found = await largest(examples, { sizeOf });
    expect(found.map(sizeOf)).toEqual(expected.map(sizeOf));
    expect(new Set(found)).toEqual(new Set(expected));
  }
  a.read.splice(0);
  const again = await concat(opened, opened).open();
  expect(await largest(again, { sizeOf })).toHaveLength(256);
  // All sizes are known, so only what is returned is read.
  expect(a.read).toHaveLength(256);
  expect(await largest(again, { sizeOf: (text) => -text.length })).toContain("a ");
});
