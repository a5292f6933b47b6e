import { type Asked, type Benchmark, isBenchmark, type Question } from "../contracts/benchmark.ts";
import {
  checkIndex,
  type Dataset,
  type DatasetSource,
  type Examples,
  type ExampleSource,
  fingerprintOf,
} from "../contracts/dataset.ts";
import { counted, MlanError } from "../errors.ts";
import { deriveSeed, permutation, seededRandom } from "./random.ts";
import { openedPart } from "./opened-datasets.ts";
import { reopened } from "../run/reopened.ts";

/**
 * Returns a view of the first `count` examples, or of all if there are fewer. A benchmark remains a benchmark with the
 * same name, protocols and clusters. Its results record the size of the whole benchmark, and are comparable only with
 * results on the same questions. Throws `invalid-options` unless `count` is a whole number, 0 or more.
 */
export function take<Q extends Question>(benchmark: Benchmark<Q>, count: number): Benchmark<Q>;
export function take<Example>(dataset: Dataset<Example>, count: number): Dataset<Example>;
export function take<Example>(dataset: Dataset<Example>, count: number): Dataset<Example> {
  if (!Number.isInteger(count) || count < 0) {
    throw new MlanError(
      "invalid-options",
      `take: ${count} is not a number of examples; give a whole number, 0 or more.`,
    );
  }
  const name = `take(${dataset.name}, ${count})`;
  if (isBenchmark(dataset)) return limited(dataset, name, count);
  return view(name, [dataset], async ([examples]) => firstPlaces(Math.min(count, examples?.length ?? 0)));
}

function limited<Example>(benchmark: Asked<Example>, name: string, count: number): Asked<Example> {
  const first = reopened(benchmark, async (options) => {
    const whole = await openedPart(benchmark, options);
    // Results on all questions are comparable with those of the whole benchmark.
    if (whole.length <= count) return whole;
    return { ...(await arranged(name, [benchmark], [whole], firstPlaces(count))), total: whole.total ?? whole.length };
  });
  return { ...first, limit: Math.min(benchmark.limit ?? Infinity, count) };
}

function firstPlaces(count: number): readonly Place[] {
  return Array.from({ length: count }, (_, index) => ({ source: 0, index }));
}

/** Returns a view of the examples of all datasets, in the order of the datasets. */
export function concat<Example>(...datasets: readonly Dataset<Example>[]): Dataset<Example> {
  return view(`concat(${datasets.map(({ name }) => name).join(", ")})`, datasets, async (opened) =>
    opened.flatMap(({ length }, source) => Array.from({ length }, (_, index) => ({ source, index }))),
  );
}

/** Returns a view of the examples in an order determined by the seed. */
export function shuffle<Example>(dataset: Dataset<Example>, seed: number): Dataset<Example> {
  return view(`shuffle(${dataset.name}, ${seed})`, [dataset], async ([examples]) =>
    Array.from(permutation(examples?.length ?? 0, seededRandom(seed)), (index) => ({ source: 0, index })),
  );
}

/** Returns a view of the examples for which `keep` returns true. Opening it reads every example once. */
export function filter<Example>(
  dataset: Dataset<Example>,
  keep: (example: Example, index: number) => boolean,
): Dataset<Example> {
  return view(`filter(${dataset.name})`, [dataset], async ([examples]) => {
    const kept: Place[] = [];
    if (!examples) return kept;
    for (let index = 0; index < examples.length; index++) {
      if (keep(await examples.at(index), index)) kept.push({ source: 0, index });
    }
    return kept;
  });
}

export interface MixturePart<Example> {
  readonly data: Dataset<Example>;
  /** Relative to the other shares: 7 and 1 make 87.5% and 12.5%. */
  readonly share: number;
}

export interface MixOptions {
  /** Total number of examples. arXiv 2411.10557 varies the shares at a constant total of 80,000 (section 4.2). */
  readonly total: number;
  readonly seed: number;
}

/**
 * Returns a dataset of `total` examples in the given shares. Each part is sampled without replacement, then all
 * examples are shuffled together; the seed determines both. Opening the dataset throws `invalid-data` when a part has
 * fewer examples than its share needs.
 */
export function mix<Example>(parts: readonly MixturePart<Example>[], { total, seed }: MixOptions): Dataset<Example> {
  const counts = apportion(
    parts.map(({ share }) => share),
    total,
  );
  const name = `mix(${parts.map(({ data }, part) => `${counts[part]} of ${data.name}`).join(", ")}; seed ${seed})`;
  return view(
    name,
    parts.map(({ data }) => data),
    async (opened) => {
      const places = opened.flatMap((examples, source) => {
        const wanted = counts[source] ?? 0;
        if (examples.length < wanted) {
          throw new MlanError(
            "invalid-data",
            `mix: ${parts[source]?.data.name} has ${counted(examples.length, "example")} but its share needs ${wanted}. Lower the total or the share.`,
          );
        }
        const order = permutation(examples.length, seededRandom(deriveSeed(seed, `part ${source}`)));
        return Array.from(order.subarray(0, wanted), (index) => ({ source, index }));
      });
      const order = permutation(places.length, seededRandom(deriveSeed(seed, "order")));
      return Array.from(order, (index) => places[index] ?? { source: 0, index: 0 });
    },
  );
}

/** Splits `total` into whole numbers in proportion to the shares, by the largest remainder method. */
function apportion(shares: readonly number[], total: number): readonly number[] {
  const sum = shares.reduce((a, b) => a + b, 0);
  if (!Number.isInteger(total) || total < 1 || !(sum > 0) || shares.some((share) => !(share >= 0))) {
    throw new MlanError(
      "invalid-options",
      `mix: shares [${shares}] and total ${total} do not make a mixture; give shares of 0 or more, not all 0, and a total that is a whole number, 1 or more.`,
    );
  }
  const exact = shares.map((share) => (share / sum) * total);
  const counts = exact.map(Math.floor);
  const byRemainder = exact
    .map((value, part) => ({ part, remainder: value - Math.floor(value) }))
    .toSorted((a, b) => b.remainder - a.remainder);
  const missing = total - counts.reduce((a, b) => a + b, 0);
  for (const { part } of byRemainder.slice(0, missing)) counts[part] = (counts[part] ?? 0) + 1;
  return counts;
}

/** Where a view's example comes from: a dataset, and the index in it. */
interface Place {
  readonly source: number;
  readonly index: number;
}

function view<Example>(
  name: string,
  datasets: readonly Dataset<Example>[],
  place: (opened: readonly Examples<Example>[]) => Promise<readonly Place[]>,
): Dataset<Example> {
  const [first] = datasets;
  if (!first) throw new MlanError("invalid-options", `${name}: give at least one dataset.`);
  const modalities = new Set(datasets.map(({ card }) => card.modality));
  return {
    specVersion: 1,
    name,
    card: { ...first.card, modality: modalities.size === 1 ? first.card.modality : "mixed" },
    sources: sourcesOf(datasets),
    async open(options) {
      const opened = await Promise.all(datasets.map((dataset) => openedPart(dataset, options)));
      return arranged(name, datasets, opened, await place(opened));
    },
  };
}

/**
 * Returns the datasets that the given datasets are composed of (those that are not views), each once. Equal names and
 * cards mean the same dataset.
 */
function sourcesOf(datasets: readonly Dataset<unknown>[]): readonly DatasetSource[] {
  const all = datasets.flatMap(({ name, card, sources }) => sources ?? [{ name, card }]);
  return [...new Map(all.map((source) => [JSON.stringify([source.name, source.card]), source])).values()];
}

interface OpenedSources {
  /** The opened datasets, each once. Equal names and fingerprints mean the same dataset. */
  readonly sources: readonly ExampleSource[];
  /** For each of the given datasets, the indices of its own sources in {@link sources}. */
  readonly indices: readonly (readonly number[])[];
}

function openedSourcesOf(datasets: readonly Dataset<unknown>[], opened: readonly Examples<unknown>[]): OpenedSources {
  const own = opened.map(
    ({ sources, fingerprint }, place) => sources ?? [{ name: datasets[place]?.name ?? "", fingerprint }],
  );
  const keyOf = ({ name, fingerprint }: ExampleSource): string => JSON.stringify([name, fingerprint]);
  const sources = new Map(own.flat().map((source) => [keyOf(source), source]));
  const keys = [...sources.keys()];
  return {
    sources: [...sources.values()],
    indices: own.map((list) => list.map((source) => keys.indexOf(keyOf(source)))),
  };
}

/** An example of a dataset that is not a view. */
interface Origin<Example> {
  readonly examples: Examples<Example>;
  readonly index: number;
}

/** Finds the origin of an example, for the opened views of this module. */
const origins = new WeakMap<Examples<unknown>, (index: number) => Origin<unknown>>();

/** Returns where an example of a view comes from; the example itself for a dataset that is not a view of this module. */
export function originOf<Example>(examples: Examples<Example>, index: number): Origin<Example> {
  // A view has examples of its parts' own type.
  return (origins.get(examples)?.(index) as Origin<Example> | undefined) ?? { examples, index };
}

async function arranged<Example>(
  name: string,
  datasets: readonly Dataset<Example>[],
  opened: readonly Examples<Example>[],
  places: readonly Place[],
): Promise<Examples<Example>> {
  const { sources, indices } = openedSourcesOf(datasets, opened);
  const view: Examples<Example> = {
    length: places.length,
    sources,
    fingerprint: await fingerprintOf([name, opened.map(({ fingerprint }) => fingerprint), places.length]),
    async at(index) {
      const found = places[checkIndex(name, index, places.length)];
      const examples = opened[found?.source ?? 0];
      if (!found || !examples) throw new MlanError("contract", `${name}: example ${index} belongs to no dataset.`);
      return examples.at(found.index);
    },
    sourceOf(index) {
      const { source, index: inner } = places[checkIndex(name, index, places.length)] ?? { source: 0, index: 0 };
      const own = opened[source]?.sourceOf?.(inner) ?? 0;
      return indices[source]?.[own] ?? 0;
    },
  };
  origins.set(view, (index) => {
    const { source, index: inner } = places[checkIndex(name, index, places.length)] ?? { source: 0, index: 0 };
    const examples = opened[source];
    return examples ? originOf(examples, inner) : { examples: view, index };
  });
  return view;
}
