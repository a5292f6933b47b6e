import type { Benchmark, Question } from "../contracts/benchmark.ts";
import type { ImageReference } from "../contracts/conversation.ts";
import { type Dataset, type Examples, fingerprintOf, type OpenOptions } from "../contracts/dataset.ts";
import { reopened } from "../run/reopened.ts";

/** An example with images. */
interface Shown {
  readonly images: readonly ImageReference[];
}

/**
 * The same examples with images turned as their EXIF orientation says. By default a model reads pixels as stored, as
 * the training of LLaVA and MLAN does; Hugging Face `datasets` has turned images since version 2.19, so code that reads
 * a benchmark through a later version sees them upright. Images without an orientation are unchanged. A benchmark stays
 * a benchmark.
 */
export function upright<Q extends Question>(benchmark: Benchmark<Q>): Benchmark<Q>;
export function upright<Example extends Shown>(dataset: Dataset<Example>): Dataset<Example>;
export function upright<Example extends Shown>(dataset: Dataset<Example>): Dataset<Example> {
  const open = async (options?: OpenOptions): Promise<Examples<Example>> => {
    const examples = await dataset.open(options);
    const { length, total } = examples;
    return {
      length,
      ...(total !== undefined && { total }),
      fingerprint: await fingerprintOf(["upright", examples.fingerprint]),
      async at(index) {
        const example = await examples.at(index);
        return { ...example, images: example.images.map((image) => ({ ...image, orientation: "upright" })) };
      },
    };
  };
  return reopened(dataset, open);
}
