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
   * The model: a folder in Hugging Face layout, or `hub("owner/name", { revision })` of `@mlan/hub`. It is the plain
   * backbone, or a LLaVA checkpoint with this backbone, such as one saved by mlan. Default: the plain backbone on the
   * Hub, at the commit pinned by the package.
   */
  readonly weights?: Location | HubModel;
  /**
   * A low-rank adapter for `weights`, written by PEFT or by LLaVA's LoRA training: a folder, or `hub("owner/name", {
   * revision })`. Default: none.
   */
  readonly adapter?: Location | HubModel;
  /**
   * Whether opening the model merges the adapter into the weights. A merged adapter adds no time per answer, but the
   * adapted matrices become float32 and the adapter cannot be trained further. The adapter in a checkpoint of a
   * training stage is never merged. Default true.
   */
  readonly mergeAdapter?: boolean;
  /**
   * Further adapters for the same weights, by name. A request chooses an adapter by its field `adapter`, and a client
   * of `serve` by the model name. These adapters may change only linear maps. Default: none.
   */
  readonly adapters?: Readonly<Record<string, Location | HubModel>>;
  /**
   * A CLIP vision tower: a folder in Hugging Face layout, or `hub("owner/name", { revision })`. Default: the tower
   * inside `weights`. Without any tower, the model reads text only.
   */
  readonly visionTower?: Location | HubModel;
  /**
   * The template of the model's conversations: "v1", "llama_2", "plain", or "chat_template" for the checkpoint's chat
   * template. Default: the template recorded in a checkpoint of mlan, "plain" for a plain backbone, and the chat
   * template for other LLaVA checkpoints.
   */
  readonly template?: string;
  /**
   * How the matrices of the language model are stored in memory. Default "float32".
   * - "float32": 4 bytes per value. The fastest format without rounding.
   * - "stored": 2 bytes per value. Memory-maps the 16-bit values of the checkpoint, with the same results as "float32".
   *   Generation takes about twice as long. Matrices with 32-bit values are read as float32.
   * - "int8", "int4": 1.06 or 0.56 bytes per value, quantized in blocks of 64 values with one scale each. "int8-128",
   *   "int8-32", "int4-128" and "int4-32" choose the block size; smaller blocks lose less precision. The output layer
   *   always has 8 bits. The embedding is not quantized. Matrix products use 8-bit integers. The first start writes the
   *   quantized matrices into a folder `quantized` beside the weights. Quantized matrices cannot be trained.
   *
   * All formats except "float32" need the compute plugin `onnx`, and memory-map the 16-bit matrices of a vision tower.
   * Matrices into which an adapter is merged are float32.
   */
  readonly weightFormat?: WeightFormat;
}

export interface BackboneDefinition {
  /** The backbone's short name, e.g. "vicuna". */
  readonly name: string;
  /** Name of the npm package. Default: `@mlan/model-<name>`. */
  readonly packageName?: string;
  /** `import.meta.url` of the plugin's module. */
  readonly module: string;
  readonly architecture: Architecture;
  /** The published weights. */
  readonly repository: Repository;
  /** The wording of benchmarks for the model before it is tuned on conversations. */
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

/** Returns a description for a run's manifest. */
function shown(named: URL | HubModel): string {
  return named instanceof URL ? pathOf(named) : `${named.repository} on the Hub, revision ${named.revision}`;
}

/**
 * Creates the plugin of a backbone, or of a LLaVA model with this backbone. Files are read when the model is opened.
 * Throws `invalid-options` for an option that is unknown, missing or invalid.
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
    // The location of the files is not a setting: it may change without affecting results. `inspect` compares their
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
