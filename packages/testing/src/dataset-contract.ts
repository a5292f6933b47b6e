import type { Conversation, Dataset, Examples, ImageReference } from "@mlan/core";
import { IMAGE_PLACEHOLDER } from "@mlan/core";
import { describe, expect, it } from "vitest";

export interface DatasetContractOptions {
  /** Number of examples to check, from both ends. Default 20. */
  readonly sample?: number;
}

/** Declares the contract tests of datasets with any kind of examples. */
export function describeDatasetContract<
  Example extends { readonly id: string; readonly images: readonly ImageReference[] },
>(dataset: Dataset<Example>, { sample = 20 }: DatasetContractOptions = {}): void {
  describe(`${dataset.name} keeps the dataset contract`, () => {
    it("has spec version 1 and names its source", () => {
      expect(dataset.specVersion).toBe(1);
      expect(dataset.name).not.toBe("");
      expect(dataset.card.source).not.toBe("");
      expect(dataset.card.license).not.toBe("");
    });

    it("has examples with unique ids", async () => {
      const ids = (await sampled(await dataset.open(), sample)).map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(0);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it("returns equal examples for equal indices, also after reopening", async () => {
      const first = await dataset.open();
      const second = await dataset.open();
      expect(second.length).toBe(first.length);
      expect(second.fingerprint).toBe(first.fingerprint);
      expect(first.fingerprint).not.toBe("");
      const again = await sampled(second, sample);
      expect(again.map(comparable)).toEqual((await sampled(first, sample)).map(comparable));
    });

    it("rejects an index out of range with a RangeError", async () => {
      const examples = await dataset.open();
      for (const index of [-1, 0.5, examples.length]) await expect(examples.at(index)).rejects.toThrow(RangeError);
    });

    it("has images that can be read, twice with the same bytes", async () => {
      for (const { images } of await sampled(await dataset.open(), sample)) {
        for (const image of images) {
          const bytes = await image.read();
          expect(bytes.length, image.name).toBeGreaterThan(0);
          expect(Buffer.compare(bytes, await image.read()), image.name).toBe(0);
        }
      }
    });
  });
}

/** Declares the contract tests of tuning datasets, including those of all datasets. */
export function describeConversationsContract(
  dataset: Dataset<Conversation>,
  options: DatasetContractOptions = {},
): void {
  describeDatasetContract(dataset, options);

  describe(`${dataset.name} yields conversations`, () => {
    it("alternates turns, from a user's to an assistant's, after at most one system turn", async () => {
      for (const { id, turns } of await sampled(await dataset.open(), options.sample ?? 20)) {
        const all = turns.map(({ role }) => role);
        const roles = all[0] === "system" ? all.slice(1) : all;
        expect(roles.length, id).toBeGreaterThan(0);
        expect(roles.length % 2, id).toBe(0);
        expect(roles, id).toEqual(roles.map((_, index) => (index % 2 === 0 ? "user" : "assistant")));
      }
    });

    it("has one image for every placeholder of a conversation with images", async () => {
      for (const { id, turns, images } of await sampled(await dataset.open(), options.sample ?? 20)) {
        if (images.length === 0) continue;
        const placeholders = turns.map(({ text }) => text.split(IMAGE_PLACEHOLDER).length - 1);
        expect(
          placeholders.reduce((a, b) => a + b, 0),
          id,
        ).toBe(images.length);
      }
    });
  });
}

/** Returns up to `count` examples from both ends. */
export async function sampled<Example>(examples: Examples<Example>, count: number): Promise<readonly Example[]> {
  const front = Math.min(count, examples.length);
  const back = Math.max(front, examples.length - count);
  const indices = [
    ...Array(front).keys(),
    ...Array.from({ length: examples.length - back }, (_, offset) => back + offset),
  ];
  return Promise.all(indices.map((index) => examples.at(index)));
}

function comparable<Example extends { readonly images: readonly ImageReference[] }>(example: Example): unknown {
  return { ...example, images: example.images.map(({ name }) => name) };
}
