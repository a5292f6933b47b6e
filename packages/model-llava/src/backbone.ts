import {
  COMPUTE,
  checkOptions,
  folderLocation,
  type Location,
  MODEL,
  type ModelSource,
  pathOf,
  type Plugin,
  plugin,
  type Wording,
} from "@mlan/core";
import { hub, type HubModel, hubModel } from "@mlan/hub";
import { z } from "zod";
import type { Architecture } from "./architectures/architecture.ts";
import { createLlavaSource, type Repository } from "./llava-source.ts";
import { type WeightFormat, weightFormat as formats } from "./weights/weight-format.ts";

export interface BackboneOptions {
  /**
   * The backbone's folder in Hugging Face layout: the plain backbone, or a LLaVA checkpoint on it, such as one that mlan
   * saved. Or `hub("owner/name", { revision })` of `@mlan/hub`, which downloads it when it is opened. Default: the plain
   * backbone on the Hub, at a commit that the package pins.
   */
  readonly weights?: Location | HubModel;
  /**
   * A low-rank adapter on `weights`, as PEFT or LLaVA's training with LoRA writes it: its folder, or
   * `hub("owner/name", { revision })`. Merged into the weights when the model is opened. Default none.
   */
  readonly adapter?: Location | HubModel;
  /**
   * The folder of a CLIP vision tower in Hugging Face layout, or `hub("owner/name", { revision })`. Default: the tower
   * inside `weights`; a plain backbone without one reads text only.
   */
  readonly visionTower?: Location | HubModel;
  /**
   * The template that the model was tuned in: "v1", "llama_2", "plain", or "chat_template" for the folder's own. Default: what a
   * checkpoint of mlan says, "plain" for a plain backbone, and the folder's own chat template for LLaVA from elsewhere.
   */
  readonly template?: string;
  /**
   * How the matrices of the language model are kept in memory.
   * - "float32" (default): the fastest without rounding; 4 bytes per value.
   * - "stored": mapped from the checkpoint in its 16 bits, with the same results; 2 bytes per value, and about half of the
   *   speed where few positions are computed at once, as in answers. Files of 32 bits are read as float32.
   * - "int8", "int4": rounded to 8 or 4 bits with a scale per 128 or 64 values; 1.03 or 0.56 bytes per value. "int8-64",
   *   "int8-32", "int4-128" and "int4-32" say another number of values: with fewer, less is lost. The output layer has 8 bits
   *   in both, and the embedding stays as stored. Products of answers use integers of 8 bits. Made at the first start and kept
   *   in a folder `quantised` beside the weights. These matrices cannot learn.
   *
   * All but "float32" need the backend onnx. Matrices that an adapter changes are read as float32.
   */
  readonly weightFormat?: WeightFormat;
}

/** What differs between backbones. */
export interface BackboneDefinition {
  /** The backbone's short name, e.g. "vicuna". */
  readonly name: string;
  /** As npm knows it. Default: `@mlan/model-<name>`. */
  readonly packageName?: string;
  /** `import.meta.url` of the plugin's module. */
  readonly module: string;
  readonly architecture: Architecture;
  /** Where its weights are published. */
  readonly repository: Repository;
  /** How benchmarks ask it while its weights have seen no conversation. */
  readonly untunedWording: Wording;
}

const place = z.union([folderLocation, hubModel], {
  error: ({ input }) => folderLocation.safeParse(input).error?.issues[0]?.message,
});
const schema = z.strictObject({
  weights: place.exactOptional(),
  adapter: place.exactOptional(),
  visionTower: place.exactOptional(),
  template: z.string().min(1, "expected the name of a template").exactOptional(),
  weightFormat: formats.exactOptional(),
});

/** For the manifest of a run. */
function shown(named: URL | HubModel): string {
  return named instanceof URL ? pathOf(named) : `${named.repository} on the Hub, revision ${named.revision}`;
}

/**
 * A plugin of a backbone, alone or under LLaVA. Throws `invalid-options`; files are read when the model
 * is opened.
 */
export function backbonePlugin(definition: BackboneDefinition, options: BackboneOptions): Plugin<ModelSource> {
  const { name, module, packageName = `@mlan/model-${name}`, ...rest } = definition;
  const { id, revision } = definition.repository;
  const checked = checkOptions(`model-${name}`, schema, options);
  const { weights = hub(id, { revision }), adapter, visionTower, template, weightFormat = "float32" } = checked;
  return plugin({
    name: packageName,
    token: MODEL,
    module,
    // Where the files are decides nothing, and they may move; what they hold is compared by `inspect`.
    settings: {
      hasTower: visionTower !== undefined,
      ...(template !== undefined && { template }),
      ...(weightFormat !== "float32" && { weightFormat }),
    },
    places: {
      weights: shown(weights),
      ...(adapter && { adapter: shown(adapter) }),
      ...(visionTower && { visionTower: shown(visionTower) }),
    },
    create: (scope) =>
      createLlavaSource({
        name,
        compute: scope.get(COMPUTE),
        ...rest,
        weights,
        adapter,
        visionTower,
        template,
        weightFormat,
      }),
  });
}
