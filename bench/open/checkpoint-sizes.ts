import type { CheckpointSize } from "./sharded-checkpoint.ts";

/** The sizes of published models, and of smaller ones, by name. "7b" is Llama 2 with the vision tower of LLaVA 1.5. */
const SIZES = {
  tiny: {
    layers: 2,
    hiddenSize: 128,
    intermediateSize: 256,
    heads: 4,
    keyValueHeads: 2,
    vocabularySize: 1024,
    tower: { hiddenSize: 64, intermediateSize: 128, layers: 2, heads: 4 },
  },
  "23m": {
    layers: 6,
    hiddenSize: 512,
    intermediateSize: 1376,
    heads: 8,
    keyValueHeads: 8,
    vocabularySize: 4096,
  },
  "110m": {
    layers: 12,
    hiddenSize: 768,
    intermediateSize: 2048,
    heads: 12,
    keyValueHeads: 12,
    vocabularySize: 16_000,
  },
  "1b": {
    layers: 22,
    hiddenSize: 2048,
    intermediateSize: 5632,
    heads: 32,
    keyValueHeads: 4,
    vocabularySize: 32_000,
  },
  "7b": {
    layers: 32,
    hiddenSize: 4096,
    intermediateSize: 11_008,
    heads: 32,
    keyValueHeads: 32,
    vocabularySize: 32_000,
    tower: { hiddenSize: 1024, intermediateSize: 4096, layers: 24, heads: 16 },
  },
} satisfies Readonly<Record<string, CheckpointSize>>;

type SizeName = keyof typeof SIZES;

export interface ChosenSize extends CheckpointSize {
  readonly name: SizeName;
}

/** Returns a size by name, with another number of decoder layers if `layers` is given. Throws for an unknown name. */
export function checkpointSize(name: string, layers?: string): ChosenSize {
  if (!isName(name)) throw new Error(`--size ${name} is not one of ${Object.keys(SIZES).join(", ")}`);
  const size = SIZES[name];
  return {
    ...size,
    name,
    layers: layers === undefined ? size.layers : Number(layers),
  };
}

function isName(name: string): name is SizeName {
  return Object.hasOwn(SIZES, name);
}
