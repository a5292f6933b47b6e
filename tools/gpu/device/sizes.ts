/** The sizes of a Llama and of its measurement. */
export interface Sizes {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  /** Positions of the single row of a training step. The last quarter is supervised. */
  readonly length: number;
  readonly steps: number;
  /** Tokens of the prompt, including the begin-of-sequence token. */
  readonly prompt: number;
  readonly newTokens: number;
}

/** Returns the sizes of Llama-2-7B with the given number of layers. */
export function wideSizes(layers: number): Sizes {
  return {
    hidden: 4096,
    intermediate: 11_008,
    layers,
    heads: 32,
    vocabulary: 32_000,
    length: 2048,
    steps: 5,
    prompt: 64,
    newTokens: 32,
  };
}

/** Returns sizes for a software GPU. */
export function smallSizes(layers: number): Sizes {
  return {
    hidden: 64,
    intermediate: 172,
    layers,
    heads: 2,
    vocabulary: 1024,
    length: 64,
    steps: 3,
    prompt: 16,
    newTokens: 4,
  };
}

/** Returns the row of every training step, the same on both sides. */
export function trainingRow({ length, vocabulary }: Sizes): { ids: readonly number[]; labels: readonly number[] } {
  const ids = Array.from({ length }, (_, index) => 3 + ((index * 7919 + 104_729) % (vocabulary - 3)));
  return { ids, labels: ids.map((id, index) => (index >= length - length / 4 ? id : -100)) };
}
