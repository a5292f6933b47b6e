import {
  COMPUTE,
  checkOptions,
  folderLocation,
  type Location,
  MODEL,
  pathOf,
  type ModelSource,
  type Plugin,
  plugin,
  type Wording,
} from "@mlan/core";
import { z } from "zod";
import type { Architecture } from "./architectures/architecture.ts";
import { createLlavaSource, type Repository } from "./llava-source.ts";

export interface BackboneOptions {
  /**
   * The backbone's folder in Hugging Face layout: the plain backbone, or a LLaVA checkpoint on it, such as one that mlan
   * saved.
   */
  readonly weights: Location;
  /**
   * The folder of a low-rank adapter on `weights`, as PEFT or LLaVA's training with LoRA writes it; merged into them when
   * the model is opened. Default none.
   */
  readonly adapter?: Location;
  /**
   * The folder of a CLIP vision tower in Hugging Face layout. Default: the tower inside `weights`; a plain backbone
   * without one reads text only.
   */
  readonly visionTower?: Location;
}

/** What tells one backbone from another. */
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

const schema = z.strictObject({
  weights: folderLocation,
  adapter: folderLocation.exactOptional(),
  visionTower: folderLocation.exactOptional(),
});

/**
 * A plugin of a backbone, alone or under LLaVA. Throws `invalid-options`; files are read when the model
 * is opened.
 */
export function backbonePlugin(definition: BackboneDefinition, options: BackboneOptions): Plugin<ModelSource> {
  const { name, module, packageName = `@mlan/model-${name}`, ...rest } = definition;
  const data = checkOptions(`model-${name}`, schema, options);
  return plugin({
    name: packageName,
    token: MODEL,
    module,
    // Where the files are decides nothing, and they may move; what they hold is compared by `inspect`.
    settings: { hasTower: data.visionTower !== undefined },
    places: {
      weights: pathOf(data.weights),
      ...(data.adapter && { adapter: pathOf(data.adapter) }),
      ...(data.visionTower && { visionTower: pathOf(data.visionTower) }),
    },
    create: (scope) => createLlavaSource({ name, compute: scope.get(COMPUTE), ...rest, ...data }),
  });
}
