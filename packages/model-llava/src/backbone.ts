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
   * The backbone's folder in Hugging Face layout: the plain backbone, or a LLaVA checkpoint based on it, such as one
   * saved by mlan. Alternatively `hub("owner/name", { revision })` of `@mlan/hub`, which downloads the files when the
   * model is opened. Default: the plain backbone on the Hub, at a commit that the package pins.
   */
  readonly weights?: Location | HubModel;
  /**
   * A low-rank adapter for `weights`, as written by PEFT or by LLaVA's LoRA training: its folder, or
   * `hub("owner/name", { revision })`. Default: none.
   */
  readonly adapter?: Location | HubModel;
  /**
   * Whether the adapter is merged into the weights when the model is opened. Answers are then as fast as without an
   * adapter, and the adapted matrices are float32. Otherwise the adapter stays separate, on weights of any format, and
   * can be trained further. The adapter in a checkpoint of a training stage always stays separate. Default true.
   */
  readonly mergeAdapter?: boolean;
  /**
   * Further adapters by name, on the same weights: a request chooses one with `adapter`, and clients of `serve` with
   * the model name. They may change only linear maps. Default: none.
   */
  readonly adapters?: Readonly<Record<string, Location | HubModel>>;
  /**
   * The folder of a CLIP vision tower in Hugging Face layout, or `hub("owner/name", { revision })`. Default: the tower
   * inside `weights`; a plain backbone without one reads text only.
   */
  readonly visionTower?: Location | HubModel;
  /**
   * The template that the model was tuned with: "v1", "llama_2", "plain", or "chat_template" for the folder's own.
   * Default: the template that a checkpoint of mlan names, "plain" for a plain backbone, and the folder's own chat
   * template for other LLaVA checkpoints.
   */
  readonly template?: string;
  /**
   * How the matrices of the language model are kept in memory.
   * - "float32" (default): the fastest without rounding; 4 bytes per value.
   * - "stored": the 16-bit values in the checkpoint's files are mapped into memory, with the same results; 2 bytes per
   *   value, and about half of the speed when few positions are computed at once, as in generation. 32-bit values
   *   are read as float32.
   * - "int8", "int4": rounded to 8 or 4 bits with a scale per 128 or 64 values; 1.03 or 0.56 bytes per value. "int8-64",
   *   "int8-32", "int4-128" and "int4-32" choose the number of values per scale; with fewer values, rounding loses less.
   *   The output layer always has 8 bits, and the embedding stays as stored. Answers are computed with 8-bit integer
   *   products. The rounded matrices are made at the first start and kept in a folder `quantised` beside the weights.
   *   They cannot be trained.
   *
   * All formats but "float32" need the compute plugin `onnx`. Matrices into which an adapter is merged are read as float32.
   */
  readonly weightFormat?: WeightFormat;
}

/** The properties in which backbones differ. */
export interface BackboneDefinition {
  /** The backbone's short name, e.g. "vicuna". */
  readonly name: string;
  /** The name of its npm package. Default: `@mlan/model-<name>`. */
  readonly packageName?: string;
  /** `import.meta.url` of the plugin's module. */
  readonly module: string;
  readonly architecture: Architecture;
  /** Where its weights are published. */
  readonly repository: Repository;
  /** The wording in which benchmarks ask the model before it has been tuned on conversations. */
  readonly untunedWording: Wording;
}

const place = z.union([folderLocation, hubModel], {
  error: ({ input }) => folderLocation.safeParse(input).error?.issues[0]?.message,
});
const schema = z.strictObject({
  weights: place.exactOptional(),
  adapter: place.exactOptional(),
  mergeAdapter: z.boolean().exactOptional(),
  adapters: z.record(z.string().min(1), place).exactOptional(),
  visionTower: place.exactOptional(),
  template: z.string().min(1, "expected the name of a template").exactOptional(),
  weightFormat: formats.exactOptional(),
});

/** Returns a description for the manifest of a run. */
function shown(named: URL | HubModel): string {
  return named instanceof URL ? pathOf(named) : `${named.repository} on the Hub, revision ${named.revision}`;
}

/**
 * Creates the plugin of a backbone, alone or as part of LLaVA. Files are read only when the model is opened. Throws
 * `invalid-options` for an option that is unknown, missing or wrong.
 */
export function backbonePlugin(definition: BackboneDefinition, options: BackboneOptions): Plugin<ModelSource> {
  const { name, module, packageName = `@mlan/model-${name}`, ...rest } = definition;
  const { id, revision } = definition.repository;
  const checked = checkOptions(`model-${name}`, schema, options);
  const {
    mergeAdapter = true,
    adapters,
    weights = hub(id, { revision }),
    adapter,
    visionTower,
    template,
    weightFormat = "float32",
  } = checked;
  return plugin({
    name: packageName,
    token: MODEL,
    module,
    // The location of the files is not a setting: it does not affect results and may change. `inspect` compares their
    // contents.
    settings: {
      hasTower: visionTower !== undefined,
      ...(template !== undefined && { template }),
      ...(!mergeAdapter && { mergeAdapter }),
      ...(adapters && { adapters: Object.keys(adapters) }),
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
        mergeAdapter,
        adapters,
        visionTower,
        template,
        weightFormat,
      }),
  });
}
