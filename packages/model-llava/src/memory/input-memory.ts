import type { LanguageConfig } from "../config/language-config.ts";
import type { VisionConfig } from "../config/vision-config.ts";
import type { LlavaNetwork } from "../network/llava-network.ts";
import { weightsOf } from "../weights/parts.ts";
import type { Layout } from "./layout.ts";
import type { Step } from "./memory-walk.ts";
import { parameterCount } from "./parameter-counts.ts";

export interface InputShape {
  readonly language: LanguageConfig;
  readonly vision: VisionConfig | undefined;
  readonly length: number;
  /** The network. Its weights are declared but not loaded. */
  readonly network: Pick<LlavaNetwork, "decoder" | "vision">;
}

/** The step that creates the batch's tensors, and the mask and rotation tables for its length. */
export function batchTensors(layout: Layout, { language, vision, length }: InputShape): Step {
  const { positions, supervised, features, half, full } = layout;
  const integers = 4;
  const pixels = vision && features > 0 ? (features / vision.hiddenSize) * 3 * vision.patchSize ** 2 : 0;
  const images = pixels * half + (pixels > 0 ? positions * integers : 0);
  const selection = supervised * (3 * integers + full);
  const constants = (length ** 2 + 2 * length * language.headDimension) * full;
  return {
    at: "the batch",
    adds: { activations: positions * integers + images + selection + constants },
  };
}

/**
 * The steps that embed text and insert image embeddings. The frozen vision tower keeps only its features; while it
 * runs, it needs the memory of one of its layers.
 */
export function inputForward(layout: Layout, vision: VisionConfig | undefined): readonly Step[] {
  const { hidden, features, embedded, full, half } = layout;
  const text: Step = { at: "the embeddings of tokens", adds: { activations: hidden * half } };
  if (!vision || features === 0) return [text];
  return [
    text,
    { at: "the vision tower", adds: { activations: features * full }, transient: towerLayer(layout, vision) },
    // Two products with biases, and between them a GELU of five operations. Each operation keeps its inputs.
    { at: "the projector", adds: { activations: embedded * (2 * half + 7 * full) } },
    {
      at: "the embeddings of images between those of text",
      adds: { activations: hidden * full, working: (hidden + embedded) * full },
    },
  ];
}

/** Returns the bytes of {@link inputForward} that are freed at the end of the forward pass. */
export function inputLeftovers({ hidden, features, embedded, full }: Layout): number {
  return features === 0 ? 0 : (hidden + embedded) * full;
}

export interface InputLearns {
  readonly language: boolean;
  readonly projector: boolean;
}

export function inputBackward(layout: Layout, { language, network }: InputShape, learns: InputLearns): readonly Step[] {
  // No gradient passes below the first layer.
  if (!learns.language && !learns.projector) return [];
  const { hidden, features, embedded, full, half } = layout;
  const { tiedEmbeddings } = language;
  const table = network.decoder.embedding.size;
  const steps: Step[] = [];
  if (features > 0) {
    const both = (hidden + embedded) * full;
    steps.push(
      { at: "the gradients of embeddings", adds: { working: both }, frees: { working: hidden * full } },
      {
        at: "the gradients of text's and images' embeddings",
        adds: { working: both },
        frees: { working: both, activations: hidden * half + embedded * full },
      },
    );
  }
  if (learns.projector && network.vision && features > 0) {
    const { matrices, vectors } = parameterCount(weightsOf(network.vision.projector));
    steps.push({
      at: "the gradient of the projector",
      adds: { gradients: matrices * half + vectors * full },
      transient: embedded * (half + 4 * full),
      frees: { activations: features * full + embedded * (2 * half + 6 * full), working: embedded * full },
    });
  }
  if (learns.language) {
    steps.push({
      at: "the gradient of the embedding",
      adds: { gradients: table * full * (tiedEmbeddings ? 2 : 1) },
      ...(tiedEmbeddings && { frees: { gradients: table * (half + full) } }),
    });
  }
  return steps;
}

/** Returns the bytes that one layer of the tower needs while it runs. Layer norms and the MLP need the most. */
export function towerLayer({ features, full, half, widened }: Layout, vision: VisionConfig): number {
  const { hiddenSize, intermediateSize, heads, imageSize, patchSize } = vision;
  const positions = (imageSize / patchSize) ** 2 + 1;
  const images = features / hiddenSize / (positions - 1);
  const states = images * positions * hiddenSize;
  const inner = images * positions * intermediateSize;
  const scores = images * heads * positions ** 2;
  const before = states * (9 * full + 7 * half);
  const attention = before + scores * (half + full + widened);
  const wholeLayer = before + states * (9 * full + 4 * half) + inner * (4 * full + half);
  return Math.max(attention, wholeLayer);
}
