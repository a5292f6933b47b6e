import type { Configuration } from "./checkpoint/configuration.ts";
import { randomNumbers } from "./checkpoint/weights.ts";

/** Token ids and labels of a step, flat [rows * length]. A label of -100 is ignored, as in Hugging Face models. */
export interface Batch {
  readonly tokens: readonly number[];
  readonly labels: readonly number[];
}

/** Labels equal the tokens. The loss must shift them by one position, as in transformers. */
export function randomBatch({ rows, length, vocabularySize, supervisedShare }: Configuration, seed: number): Batch {
  const random = randomNumbers(seed);
  const tokens = Array.from({ length: rows * length }, () => Math.floor(random() * vocabularySize));
  const from = length - Math.max(1, Math.round(length * supervisedShare));
  const labels = tokens.map((token, index) => (index % length >= from ? token : -100));
  return { tokens, labels };
}
