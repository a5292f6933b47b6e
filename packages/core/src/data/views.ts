import { type Asked, type Benchmark, isBenchmark, type Question } from "../contracts/benchmark.ts";
import { checkIndex, type Dataset, type Examples, fingerprintOf } from "../contracts/dataset.ts";
import { counted, MlanError } from "../errors.ts";
import { deriveSeed, permutation, seededRandom } from "./random.ts";
import { reopened } from "../run/reopened.ts";

/**
 * The first `count` examples, or all when there are fewer. A benchmark stays a benchmark and keeps its name, protocols
 * and clusters. Its results say how many questions the whole benchmark has, and are comparable only with results on the
 * same questions. Throws `invalid-options` when `count` is not a whole number from 0.
 */
export function take<Q extends Question>(benchmark: Benchmark<Q>, count: number): Benchmark<Q>;
export function take<Example>(dataset: Dataset<Example>, count: number): Dataset<Example>;
export function take<Example>(dataset: Dataset<Example>, count: number): Dataset<Example> {
  if (!Number.isInteger(count) || count < 0) {
    throw new MlanError("invalid-options", `take: ${count} is not a number of examples; give a whole number from 0.`);
  }
  const name = `take(${dataset.name}, ${count})`;
  if (isBenchmark(dataset)) return limited(dataset, name, count);
  return view(name, [dataset], async ([examples]) => firstPlaces(Math.min(count, examples?.length ?? 0)));
}

function limited<Example>(benchmark: Asked<Example>, name: string, count: number): Asked<Example> {
  const first = reopened(benchmark, async (options) => {
    const whole = await benchmark.open(options);
    // Results on all questions are comparable with those of the whole benchmark.
    if (whole.length <= count) return whole;
    return { ...(await arranged(name, [whole], firstPlaces(count))), total: whole.total ?? whole.length };
  });
  return { ...first, limit: Math.min(benchmark.limit ?? Infinity, count) };
}

function firstPlaces(count: number): readonly Place[] {
  return Array.from({ length: count }, (_, index) => ({ source: 0, index }));
}

/** The examples of all datasets, one dataset after another. */
export function concat<Example>(...datasets: readonly Dataset<Example>[]): Dataset<Example> {
  return view(`concat(${datasets.map(({ name }) => name).join(", ")})`, datasets, async (opened) =>
    opened.flatMap(({ length }, source) => Array.from({ length }, (_, index) => ({ source, index }))),
  );
}

/** The same examples in an order determined by the seed. */
export function shuffle<Example>(dataset: Dataset<Example>, seed: number): Dataset<Example> {
  return view(`shuffle(${dataset.name}, ${seed})`, [dataset], async ([examples]) =>
    Array.from(permutation(examples?.length ?? 0, seededRandom(seed)), (index) => ({ source: 0, index })),
  );
}

/** The examples for which `keep` returns true. Opening reads every example once. */
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

/** One ingredient of a mixture. */
export interface MixturePart<Example> {
  readonly data: Dataset<Example>;
  /** Relative to the other parts' shares: 7 and 1 make 87.5 % and 12.5 %. */
  readonly share: number;
}

export interface MixOptions {
  /** Total number of examples, the controlled variable of the paper's ratio sweep (80,000 in section 4.2). */
  readonly total: number;
  readonly seed: number;
}

/**
 * `total` examples in the given shares, each part drawn without replacement in an order determined by the seed, then
 * shuffled together. Opening throws `invalid-data` when a part has fewer examples than its share needs.
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

/** Whole numbers in proportion to the shares that add up to `total` (largest remainders). */
function apportion(shares: readonly number[], total: number): readonly number[] {
  const sum = shares.reduce((a, b) => a + b, 0);
  if (!Number.isInteger(total) || total < 1 || !(sum > 0) || shares.some((share) => !(share >= 0))) {
    throw new MlanError(
      "invalid-options",
      `mix: shares [${shares}] and total ${total} do not make a mixture; shares are numbers from 0, and the total is a whole number from 1.`,
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

/** Where an example of a view comes from: which dataset, and the index in it. */
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
    async open(options) {
      const opened = await Promise.all(datasets.map((dataset) => dataset.open(options)));
      return arranged(name, opened, await place(opened));
    },
  };
}

async function arranged<Example>(
  name: string,
  opened: readonly Examples<Example>[],
  places: readonly Place[],
): Promise<Examples<Example>> {
  return {
    length: places.length,
    fingerprint: await fingerprintOf([name, opened.map(({ fingerprint }) => fingerprint), places.length]),
    async at(index) {
      const found = places[checkIndex(name, index, places.length)];
      const examples = opened[found?.source ?? 0];
      if (!found || !examples) throw new MlanError("contract", `${name}: no dataset behind example ${index}.`);
      return examples.at(found.index);
    },
  };
}
