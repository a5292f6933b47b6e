/** The sizes of a Llama and of the batches for its measurement. */
export interface Configuration {
  readonly name: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabularySize: number;
  readonly tiedEmbeddings: boolean;
  readonly rows: number;
  /** Positions per row. */
  readonly length: number;
  /** Fraction of the positions that have a label, at the end of each row. */
  readonly supervisedShare: number;
}

export const NORM_EPSILON = 1e-5;
export const ROPE_THETA = 10_000;

export const CONFIGURATIONS: Readonly<Record<string, Configuration>> = {
  "1m": {
    name: "1 M",
    hiddenSize: 128,
    intermediateSize: 344,
    layers: 4,
    heads: 4,
    vocabularySize: 1024,
    tiedEmbeddings: false,
    rows: 4,
    length: 128,
    supervisedShare: 1,
  },
  "23m": {
    name: "23 M",
    hiddenSize: 512,
    intermediateSize: 1376,
    layers: 6,
    heads: 8,
    vocabularySize: 4096,
    tiedEmbeddings: false,
    rows: 4,
    length: 256,
    supervisedShare: 1,
  },
  "58m": {
    name: "58 M",
    hiddenSize: 512,
    intermediateSize: 1376,
    layers: 8,
    heads: 8,
    vocabularySize: 32_000,
    tiedEmbeddings: false,
    rows: 4,
    length: 2000,
    supervisedShare: 0.25,
  },
  "110m": {
    name: "110 M",
    hiddenSize: 768,
    intermediateSize: 2048,
    layers: 12,
    heads: 12,
    vocabularySize: 32_000,
    tiedEmbeddings: true,
    rows: 4,
    length: 256,
    supervisedShare: 0.1,
  },
  "d4096-2": wide(2),
  "d4096-4": wide(4),
};

/** Returns the sizes of Llama-2-7B with fewer layers, for a GPU. */
function wide(layers: number): Configuration {
  return {
    name: `${layers} layers of 7 B`,
    hiddenSize: 4096,
    intermediateSize: 11_008,
    layers,
    heads: 32,
    vocabularySize: 32_000,
    tiedEmbeddings: false,
    rows: 1,
    length: 2048,
    supervisedShare: 0.25,
  };
}
