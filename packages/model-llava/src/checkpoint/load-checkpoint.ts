import { isDeepStrictEqual } from "node:util";
import { type Component, type ConversationFormat, MlanError, pathOf } from "@mlan/core";
import { exchangeAdapter, loadedAdapter } from "../adapter/loaded-adapter.ts";
import type { Architecture } from "../architectures/architecture.ts";
import type { LlavaNetwork } from "../network/llava-network.ts";
import type { Base } from "../saving/base-file.ts";
import { loadWeights } from "../weights/load-weights.ts";
import type { WeightFormat } from "../weights/weight-format.ts";
import { templateNotice } from "../templates/template-notice.ts";
import { storedTemplate } from "../config/format-config.ts";
import { planWeights } from "../weights/weight-plan.ts";
import { type OpenModel, openModel } from "./open-model.ts";

export interface LoadTarget {
  readonly architecture: Architecture;
  readonly network: LlavaNetwork;
  /** Returns the fingerprint of a template; undefined for an unknown name. */
  readonly fingerprintOf: (template: string) => string | undefined;
  /** The folders from which the model was opened. */
  readonly base: Base;
  /** The components that may differ from the base. */
  readonly changed: ReadonlySet<Component>;
  readonly weightFormat: WeightFormat | undefined;
}

export interface LoadedCheckpoint {
  readonly format: ConversationFormat;
  /** The components that may differ from the base after loading. */
  readonly changed: ReadonlySet<Component>;
}

/**
 * Loads the weights of a saved folder into a network of the same sizes. Returns the conversation format. Checks
 * everything before the first weight changes. For a folder with trained components only, the other components are read
 * from the base if those in the network may differ from it.
 */
export async function loadCheckpoint(
  folder: URL,
  { architecture, network, fingerprintOf, base, changed, weightFormat }: LoadTarget,
): Promise<LoadedCheckpoint> {
  const checkpoint = await openModel({ architecture, weights: folder }, { mayBeChanged: false, base });
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
    checkTemplate(folder, checkpoint, fingerprintOf);
    const { stored, fresh, kept } = planWeights(checkpoint, checkpoint.weights);
    const { format, trained } = checkpoint;
    const isWhole = trained.length === 0;
    const isRead = (component: Component): boolean => isWhole || trained.includes(component) || changed.has(component);
    const read = stored.filter(({ weight }) => isRead(weight.component));
    const adapter = kept && (await loadedAdapter(kept, network.slot));
    await loadWeights({ stored: read, fresh }, network.weights, { seed: 0, format: weightFormat });
    exchangeAdapter(network.slot, adapter);
    return { format, changed: new Set(isWhole ? network.weights.map(({ component }) => component) : trained) };
  } finally {
    await checkpoint.close();
  }
}

/**
 * Throws `invalid-checkpoint` if the weights were trained on a version of the template that differs from the model's.
 */
function checkTemplate(
  folder: URL,
  { config, format: { template } }: OpenModel,
  fingerprintOf: LoadTarget["fingerprintOf"],
): void {
  const notice = templateNotice(storedTemplate(config), { name: template, fingerprint: fingerprintOf(template) });
  if (notice === undefined) return;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(folder)} ${notice}. Load it with the version of mlan and the tokenizer that wrote it, or open it as ` +
      "the weights of a model to use it anyway.",
  );
}
