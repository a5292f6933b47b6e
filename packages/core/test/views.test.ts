import { concat, type Dataset, evaluate, filter, mix, MlanError, shuffle, take, upright } from "@mlan/core";
import { memoryBenchmark, memoryDataset } from "@mlan/testing";
import { describe, expect, it } from "vitest";

const numbers = (name: string, from: number, length: number): Dataset<number> =>
  memoryDataset(
    name,
    Array.from({ length }, (_, index) => from + index),
  );

async function all<Example>(dataset: Dataset<Example>): Promise<Example[]> {
  const examples = await dataset.open();
  return Promise.all(Array.from({ length: examples.length }, (_, index) => examples.at(index)));
}

/** The name of each example's dataset. */
async function sourcesIn(dataset: Dataset<unknown>): Promise<unknown[]> {
  const examples = await dataset.open();
  return Array.from(
    { length: examples.length },
    (_, index) => examples.sources?.[examples.sourceOf?.(index) ?? -1]?.name,
  );
}

describe("upright", () => {
  const image = { name: "a.png", origin: "row 1", read: async () => new Uint8Array(1) };

  it("turns the images of every example, and says so in the fingerprint", async () => {
    const stored = memoryDataset("shown", [{ id: "1", images: [image, image] }]);
    const [example] = await all(upright(stored));
    expect(example).toEqual({ id: "1", images: [image, image].map((one) => ({ ...one, orientation: "upright" })) });
    expect((await upright(stored).open()).fingerprint).not.toBe((await stored.open()).fingerprint);
    expect((await all(stored))[0]?.images[0]).toBe(image);
    const both = concat(stored, memoryDataset("other", [{ id: "2", images: [] }]));
    expect(await sourcesIn(upright(both))).toEqual(["shown", "other"]);
  });

  it("accepts examples whose methods use their object", async () => {
    class Own {
      readonly length = 2;
      readonly fingerprint = "own";
      readonly sources = ["first", "second"].map((name) => ({ name, fingerprint: name }));
      readonly offset = 1;
      at = async () => ({ images: [image] });
      sourceOf(index: number): number {
        return (index + this.offset) % 2;
      }
    }
    const own = { ...memoryDataset("own", [{ images: [image] }]), open: async () => new Own() };
    expect(await sourcesIn(upright(own))).toEqual(["second", "first"]);
    expect(await sourcesIn(take(own, 2))).toEqual(["second", "first"]);
  });

  it("keeps a benchmark a benchmark, also a limited one", async () => {
    const question = { images: [image], text: "?", target: "yes", cluster: "1" };
    const benchmark = memoryBenchmark("yes", [
      { id: "1", ...question },
      { id: "2", ...question },
    ]);
    const turned = upright(take(benchmark, 1));
    expect([turned.name, turned.limit, turned.extractors]).toEqual(["yes", 1, benchmark.extractors]);
    expect(turned.protocol("strict")).toMatchObject({ name: "strict" });
    expect((await turned.open()).total).toBe(2);
    expect((await all(turned)).flatMap(({ images }) => images.map(({ orientation }) => orientation))).toEqual([
      "upright",
    ]);
  });
});

describe("take", () => {
  it("opens what it takes from once", async () => {
    const benchmark = memoryBenchmark("b", [
      { id: "0", target: "a", text: "?", images: [] },
      { id: "1", target: "a", text: "?", images: [] },
    ]);
    const counting = <Value extends { open(): Promise<unknown> }>(value: Value): [Value, () => number] => {
      let opened = 0;
      const open: Value["open"] = () => {
        opened++;
        return value.open();
      };
      return [{ ...value, open }, () => opened];
    };
    for (const count of [1, 5]) {
      const [dataset, openedData] = counting(numbers("a", 0, 2));
      const [asked, openedBenchmark] = counting(benchmark);
      await take(dataset, count).open();
      await take(asked, count).open();
      expect([openedData(), openedBenchmark()]).toEqual([1, 1]);
    }
  });

  it("gives the first examples, or all when there are fewer", async () => {
    expect(await all(take(numbers("a", 0, 5), 2))).toEqual([0, 1]);
    expect(await all(take(numbers("a", 0, 2), 5))).toEqual([0, 1]);
  });

  it("keeps a benchmark a benchmark, which says how many questions it has", async () => {
    const questions = Array.from({ length: 5 }, (_, index) => ({
      id: `${index}`,
      images: [],
      text: `${index}?`,
      target: "yes",
      cluster: `${index % 2}`,
    }));
    const benchmark = memoryBenchmark("yes", questions);
    const few = take(take(benchmark, 3), 2);
    expect(few).toMatchObject({ name: "yes", card: benchmark.card, extractors: benchmark.extractors, limit: 2 });
    expect(few.protocol("strict")).toMatchObject({ name: "strict", metrics: benchmark.protocol("strict").metrics });
    expect(await all(few)).toEqual(questions.slice(0, 2));
    const [whole, first] = await Promise.all([benchmark.open(), few.open()]);
    expect(first).toMatchObject({ length: 2, total: 5 });
    expect(first.fingerprint).not.toBe(whole.fingerprint);
    const other = memoryBenchmark("other", questions);
    expect(evaluate({ name: "few", benchmarks: [other, few], protocol: "strict" }).settings).toEqual({
      benchmarks: ["other", "yes"],
      limits: { yes: 2 },
      protocol: "strict",
    });
  });

  it("opens a benchmark that has no more questions as the benchmark itself", async () => {
    const benchmark = memoryBenchmark("yes", [{ id: "0", images: [], text: "0?", target: "yes" }]);
    const [whole, first] = await Promise.all([benchmark.open(), take(benchmark, 3).open()]);
    expect(first.fingerprint).toBe(whole.fingerprint);
    expect(first).not.toHaveProperty("total");
  });

  it("refuses a number that is none", () => {
    expect(() => take(numbers("a", 0, 5), -1)).toThrow("take: -1");
  });
});

describe("concat and filter", () => {
  it("keep the order", async () => {
    const both = concat(numbers("a", 0, 3), numbers("b", 10, 2));
    expect(await all(both)).toEqual([0, 1, 2, 10, 11]);
    expect(await all(filter(both, (number) => number % 2 === 0))).toEqual([0, 2, 10]);
  });
});

describe("a view of several datasets", () => {
  it("says which dataset an example comes from, also through other views", async () => {
    const [small, large] = [numbers("small", 0, 3), numbers("large", 100, 5)];
    const parts = [small, large].map((data) => ({ data, share: 1 }));
    const views = [concat(small, large), shuffle(concat(take(small, 2), large), 1), mix(parts, { total: 6, seed: 2 })];
    for (const view of views) {
      const examples = await view.open();
      for (let index = 0; index < examples.length; index++)
        expect((await sourcesIn(view))[index]).toBe((await examples.at(index)) < 100 ? "small" : "large");
      expect(() => examples.sourceOf?.(examples.length)).toThrow(RangeError);
    }
    expect(await small.open()).not.toHaveProperty("sourceOf");
  });

  it("keeps datasets apart that have the same name and different examples, and a dataset that occurs twice is one", async () => {
    const [one, other] = [numbers("same", 0, 3), numbers("same", 100, 2)];
    const examples = await concat(take(one, 2), concat(other, shuffle(one, 1))).open();
    expect(examples.sources).toEqual([
      { name: "same", fingerprint: (await one.open()).fingerprint },
      { name: "same", fingerprint: (await other.open()).fingerprint },
    ]);
    const found = Array.from({ length: examples.length }, (_, index) => examples.sourceOf?.(index));
    expect(found).toEqual([0, 0, 1, 1, 0, 0, 0]);
  });
});

describe("shuffle", () => {
  it("is a permutation that the seed decides", async () => {
    const first = await all(shuffle(numbers("a", 0, 50), 1));
    expect(await all(shuffle(numbers("a", 0, 50), 1))).toEqual(first);
    expect(await all(shuffle(numbers("a", 0, 50), 2))).not.toEqual(first);
    expect(first.toSorted((a, b) => a - b)).toEqual(await all(numbers("a", 0, 50)));
    expect(first).not.toEqual(await all(numbers("a", 0, 50)));
  });
});

describe("mix", () => {
  const language = numbers("language", 0, 100);
  const vision = numbers("vision", 1000, 100);
  const parts = [
    { data: language, share: 7 },
    { data: vision, share: 1 },
  ];

  it("draws each share without repetition", async () => {
    const drawn = await all(mix(parts, { total: 80, seed: 3 }));
    expect(drawn.filter((number) => number < 1000).length).toBe(70);
    expect(drawn.filter((number) => number >= 1000).length).toBe(10);
    expect(new Set(drawn).size).toBe(80);
  });

  it("hands out remainders so that the total is exact", async () => {
    const thirds = [language, vision, numbers("c", 2000, 100)].map((data) => ({ data, share: 1 }));
    expect((await all(mix(thirds, { total: 100, seed: 0 }))).length).toBe(100);
  });

  it("repeats itself, and has another fingerprint with another seed", async () => {
    const first = mix(parts, { total: 16, seed: 1 });
    expect(await all(mix(parts, { total: 16, seed: 1 }))).toEqual(await all(first));
    expect((await mix(parts, { total: 16, seed: 2 }).open()).fingerprint).not.toBe((await first.open()).fingerprint);
  });

  it("says which part is too small", async () => {
    await expect(mix(parts, { total: 800, seed: 0 }).open()).rejects.toThrow(
      "language has 100 examples but its share needs 700",
    );
  });

  it("refuses shares that do not make a mixture", () => {
    expect(() => mix([{ data: language, share: -1 }], { total: 5, seed: 0 })).toThrow(MlanError);
    expect(() => mix([], { total: 5, seed: 0 })).toThrow("do not make a mixture");
  });
});

it("an index outside a view is a RangeError that names the view", async () => {
  const examples = await take(numbers("a", 0, 5), 2).open();
  await expect(examples.at(2)).rejects.toThrow(RangeError);
  await expect(examples.at(2)).rejects.toThrow("take(a, 2): there is no example 2");
});
