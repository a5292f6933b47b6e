import type { LanguageConfig } from "../config/language-config.ts";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";

/** Parameters of one part. */
export interface ParameterCount {
  /** In matrices, which a backend may hold in 16 bits. */
  readonly matrices: number;
  /** In biases and weights of normalisations, always float32. */
  readonly vectors: number;
  /** In the largest parameter. */
  readonly largest: number;
}

export function decoderParameters(config: LanguageConfig): ParameterCount {
  const { vocabularySize, hiddenSize, intermediateSize, layers, heads, keyValueHeads, headDimension } = config;
  const table = vocabularySize * hiddenSize;
  const layer = hiddenSize * (headDimension * (2 * heads + 2 * keyValueHeads) + 3 * intermediateSize);
  return {
    matrices: layers * layer + table * (config.tiedEmbeddings ? 1 : 2),
    vectors: (2 * layers + 1) * hiddenSize,
    largest: Math.max(table, hiddenSize * intermediateSize, hiddenSize * heads * headDimension),
  };
}

export function projectorParameters({ hiddenSize }: LanguageConfig, vision: VisionConfig): ParameterCount {
  const first = vision.hiddenSize * hiddenSize;
  const second = hiddenSize ** 2;
  return { matrices: first + second, vectors: 2 * hiddenSize, largest: Math.max(first, second) };
}

/** Of the whole tower, the layers above the one that is read included. */
export function towerParameters(config: VisionConfig): ParameterCount {
  const { hiddenSize, intermediateSize, layers, patchSize } = config;
  const patchEmbedding = hiddenSize * 3 * patchSize ** 2;
  const positionEmbedding = (patchesPerImage(config) + 1) * hiddenSize;
  const mlp = hiddenSize * intermediateSize;
  return {
    matrices: patchEmbedding + positionEmbedding + layers * (4 * hiddenSize ** 2 + 2 * mlp),
    vectors: hiddenSize + 4 * hiddenSize + layers * (9 * hiddenSize + intermediateSize),
    largest: Math.max(patchEmbedding, positionEmbedding, mlp, hiddenSize ** 2),
  };
}
