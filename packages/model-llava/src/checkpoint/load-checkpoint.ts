import { isDeepStrictEqual } from "node:util";
import { type ConversationFormat, MlanError, pathOf } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import type { LlavaNetwork } from "../network/llava-network.ts";
import { loadWeights } from "../weights/load-weights.ts";
import type { WeightFormat } from "../weights/weight-format.ts";
import { planWeights } from "../weights/weight-plan.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

/**
 * Loads the weights of a saved folder into a network of the same sizes and returns the format. Everything is checked
 * before the first weight changes.
 */
export async function loadCheckpoint(
  folder: URL,
  architecture: Architecture,
  network: LlavaNetwork,
  weightFormat?: WeightFormat,
): Promise<ConversationFormat> {
  const checkpoint = await openCheckpoint({ architecture, weights: folder }, { mayBeChanged: false });
  try {
    const { decoder, vision } = network;
    const own = { language: decoder.config, vision: vision?.tower.config, selectLayer: vision?.selectLayer };
    const found = {
      language: checkpoint.language,
      vision: checkpoint.vision?.config,
      selectLayer: checkpoint.vision?.selectLayer,
    };
    if (!isDeepStrictEqual(own, found)) {
      throw new MlanError(
        "invalid-checkpoint",
        `model-llava: ${pathOf(folder)} holds a model of different sizes: ${JSON.stringify(found)} instead of ${JSON.stringify(own)}. ` +
          "Load it into the model that wrote it.",
      );
    }
    await loadWeights(planWeights(checkpoint, checkpoint.weights), network.weights, { seed: 0, format: weightFormat });
    return checkpoint.format;
  } finally {
    await checkpoint.close();
  }
}
