import type { Benchmark, Question } from "../contracts/benchmark.ts";
import type { ImageReference } from "../contracts/conversation.ts";
import { type Dataset, type Examples, fingerprintOf, type OpenOptions } from "../contracts/dataset.ts";
import { openedPart } from "./opened-datasets.ts";
import { reopened } from "../run/reopened.ts";

interface Shown {
  readonly images: readonly ImageReference[];
}

/**
 * Returns the dataset with images rotated or mirrored according to their EXIF orientation. By default, a model reads
 * pixels as stored, as in the training of LLaVA and MLAN. Hugging Face `datasets` has applied the orientation since
 * version 2.19, so code that loads a benchmark with a later version sees upright images. A benchmark remains a
 * benchmark.
 */
export function upright<Q extends Question>(benchmark: Benchmark<Q>): Benchmark<Q>;
export function upright<Example extends Shown>(dataset: Dataset<Example>): Dataset<Example>;
export function upright<Example extends Shown>(dataset: Dataset<Example>): Dataset<Example> {
  const open = async (options?: OpenOptions): Promise<Examples<Example>> => {
    const examples = await openedPart(dataset, options);
    const { length, total, sources } = examples;
    return {
      length,
      ...(total !== undefined && { total }),
      ...(sources && { sources, sourceOf: (index: number) => examples.sourceOf?.(index) ?? 0 }),
      fingerprint: await fingerprintOf(["upright", examples.fingerprint]),
      async at(index) {
        const example = await examples.at(index);
        return { ...example, images: example.images.map((image) => ({ ...image, orientation: "upright" })) };
      },
    };
  };
  return reopened(dataset, open);
}
