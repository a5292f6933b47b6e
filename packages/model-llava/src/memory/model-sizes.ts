import { isObject } from "../config/config-file.ts";
import type { Architecture } from "../architectures/architecture.ts";
import { llama } from "../architectures/llama.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import { readModelConfig } from "../config/model-config.ts";
import { type VisionConfig, visionConfig } from "../config/vision-config.ts";

/** The sizes of the parts of a LLaVA model. */
export interface ModelSizes {
  readonly architecture: Architecture;
  readonly language: LanguageConfig;
  readonly vision: VisionConfig;
}

/** Llama 2 7B or Vicuna 1.5 7B with CLIP ViT-L/14 at 336 pixels, the larger model of arXiv 2411.10557. */
export const LLAVA_7B: ModelSizes = {
  architecture: llama,
  language: {
    vocabularySize: 32_000,
    hiddenSize: 4096,
    intermediateSize: 11_008,
    layers: 32,
    heads: 32,
    keyValueHeads: 32,
    headDimension: 128,
    normEpsilon: 1e-5,
    ropeTheta: 10_000,
    maximumPositions: 4096,
    tiedEmbeddings: false,
  },
  vision: {
    hiddenSize: 1024,
    intermediateSize: 4096,
    layers: 24,
    heads: 16,
    imageSize: 336,
    patchSize: 14,
    activation: "quick_gelu",
    normEpsilon: 1e-5,
  },
};

/**
 * Reads the sizes from a checkpoint's `config.json`. `architecture` defaults to Llama, and the tower to that of {@link
 * LLAVA_7B}. Throws `invalid-checkpoint` with file and key.
 */
export async function modelSizes(file: URL, architecture: Architecture = llama): Promise<ModelSizes> {
  const { config } = await readModelConfig(architecture, file);
  const vision = isObject(config["vision_config"]) ? visionConfig(config, file) : LLAVA_7B.vision;
  return { architecture, language: architecture.config(config, file), vision };
}
