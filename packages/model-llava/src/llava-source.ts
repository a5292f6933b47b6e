import {
  type Component,
  type Compute,
  contentOfFiles,
  type ConversationFormat,
  type ImageReference,
  type Location,
  MlanError,
  type ModelInspection,
  type ModelSource,
  type OpenModelOptions,
  type OpenOptions,
  pathOf,
  toFolderUrl,
  type Wording,
} from "@mlan/core";
import { readableFormat } from "@mlan/images";
import { type HubModel, hubModel } from "@mlan/hub";
import { loadedAdapter } from "./adapter/loaded-adapter.ts";
import type { Architecture } from "./architectures/architecture.ts";
import { checkpointFiles } from "./checkpoint/checkpoint-files.ts";
import { adaptedFolders } from "./checkpoint/adapter-folder.ts";
import { hubCheckpoint } from "./checkpoint/hub-checkpoint.ts";
import { type CheckpointFolders, type OpenCheckpointOptions } from "./checkpoint/open-checkpoint.ts";
import { checkAdapters, openAdapters } from "./checkpoint/open-adapters.ts";
import { type OpenModel, openModel } from "./checkpoint/open-model.ts";
import { adapterParameters, parameterCounts } from "./checkpoint/parameter-counts.ts";
import { prepareCheckpoint } from "./checkpoint/prepare-checkpoint.ts";
import { pathExists } from "./config/checkpoint-file.ts";
import { checkLength } from "./config/format-config.ts";
import { patchesPerImage } from "./config/vision-config.ts";
import { encodeConversation } from "./encode-conversation.ts";
import { type LlavaModel, llavaModel } from "./llava-model.ts";
import { modelMemory } from "./memory/model-memory.ts";
import { promptLength } from "./memory/prompt-length.ts";
import { declareNetwork, disposeNetwork, llavaNetwork } from "./network/llava-network.ts";
import { exportCheckpoint, type ExportOptions } from "./saving/export-checkpoint.ts";
import { readCopiedFiles } from "./saving/copied-files.ts";
import { COPIED_FILES } from "./saving/model-files.ts";
import { templateByName, tuningTemplateOf, wordingOf } from "./templates/template-by-name.ts";
import { formatNotices } from "./weights/keep-matrices.ts";
import { loadWeights } from "./weights/load-weights.ts";
import { checkLearning, checkWeightFormat, type WeightFormat } from "./weights/weight-format.ts";
import { weightList } from "./weights/weight-list.ts";
import type { WeightPlan } from "./weights/weight-plan.ts";

/** A repository of the Hugging Face Hub at a commit. */
export interface Repository {
  /** Owner and name, e.g. "lmsys/vicuna-7b-v1.5". */
  readonly id: string;
  readonly revision: string;
}

export interface LlavaSourceOptions {
  readonly name: string;
  readonly architecture: Architecture;
  /** A repository that the error for a missing folder suggests. */
  readonly repository?: Repository;
  /** The compute backend. Opening the model also opens the backend. */
  readonly compute: Compute;
  /** A folder or Hub repository in Hugging Face layout: the backbone, or a LLaVA model with this backbone. */
  readonly weights: Location | HubModel;
  /** A low-rank adapter for `weights`, as written by PEFT. */
  readonly adapter?: Location | HubModel | undefined;
  /** See `BackboneOptions.mergeAdapter`. */
  readonly mergeAdapter?: boolean | undefined;
  /** See `BackboneOptions.adapters`. */
  readonly adapters?: Readonly<Record<string, Location | HubModel>> | undefined;
  /** A CLIP vision tower in Hugging Face layout. A tower inside `weights` takes precedence. */
  readonly visionTower?: Location | HubModel | undefined;
  /**
   * Name of the template of the model's conversations. Default: the template that the folder names; for LLaVA,
   * otherwise its chat template.
   */
  readonly template?: string | undefined;
  /** See `BackboneOptions.weightFormat`. */
  readonly weightFormat?: WeightFormat | undefined;
  /** The wording of benchmarks for the model before it is tuned on conversations. */
  readonly untunedWording: Wording;
}

export interface LlavaSource extends ModelSource {
  open(options?: OpenModelOptions): Promise<LlavaModel>;
  /**
   * Checks everything that {@link open} checks, but neither loads weights nor verifies checksums. The result's
   * `content` is a digest of all configuration, tokenizer, preprocessor and weight files.
   */
  inspect(options?: OpenOptions): Promise<ModelInspection>;
  /**
   * Writes a checkpoint, with its base and tower, as one whole model into another folder. Holds one tensor in memory at
   * a time. Throws `invalid-options` for an invalid option, and for a folder that equals or is inside a folder that is
   * read.
   */
  export(folder: URL, options?: ExportOptions): Promise<void>;
}

/**
 * Creates the source of a backbone, or of a LLaVA model with this backbone. `visionTower` adds a tower and a new
 * projector to a plain backbone. Throws `invalid-options` for a location that is neither local nor on the Hub, and for
 * an unknown `weightFormat`.
 */
export function createLlavaSource(options: LlavaSourceOptions): LlavaSource {
  const { name, architecture, compute, untunedWording, repository, weightFormat } = options;
  checkWeightFormat(weightFormat);
  const weights = placeOf(options.weights);
  const adapter = options.adapter === undefined ? undefined : placeOf(options.adapter);
  const visionTower = options.visionTower === undefined ? undefined : placeOf(options.visionTower);
  const adapters = Object.entries(options.adapters ?? {}).map(([key, place]) => [key, placeOf(place)] as const);
  const findAdapters = async (opening: OpenOptions): Promise<ReadonlyMap<string, URL>> => {
    const found = new Map<string, URL>();
    for (const [key, place] of adapters)
      found.set(key, await folderOf(place, { repository: undefined, files: [] }, opening));
    return found;
  };
  const findFolders = async (opening: OpenOptions): Promise<CheckpointFolders> => {
    const files = [...architecture.tokenizer.files, ...COPIED_FILES];
    const adapted = await adaptedFolders(
      {
        weights: await folderOf(weights, { repository, files }, opening),
        adapter: adapter && (await folderOf(adapter, { repository: undefined, files: [] }, opening)),
      },
      // The options of the adapter's download also apply to its base.
      async (base) =>
        hubCheckpoint({ ...(weights instanceof URL ? { type: "model" } : weights), ...base }, files, opening),
    );
    return {
      architecture,
      template: options.template,
      ...adapted,
      keepAdapter: options.mergeAdapter === false,
      visionTower: visionTower && (await folderOf(visionTower, { repository: VISION_TOWER, files: [] }, opening)),
      ...(visionTower && !(visionTower instanceof URL) && { towerName: visionTower.repository }),
    };
  };
  return {
    specVersion: 1,
    name,
    export: async (folder, exporting = {}) => {
      const { signal } = exporting;
      await exportCheckpoint(await findFolders(signal ? { signal } : {}), toFolderUrl(folder), exporting);
    },
    open: async ({ seed = 0, ...opening } = {}) => {
      const { signal, onDownload } = opening;
      const folders = await findFolders(opening);
      const named = await findAdapters(opening);
      await compute.open();
      return withCheckpoint(folders, { signal }, async (checkpoint) => {
        const { vision, format, tokenizer, templates, plan, endTokenIds } = await prepareCheckpoint(
          checkpoint,
          folders,
        );
        const copied = await readCopiedFiles({ ...folders, tokenizer: architecture.tokenizer });
        const network = llavaNetwork({ architecture, language: checkpoint.language, vision });
        try {
          await loadWeights(plan, network.weights, {
            seed,
            signal,
            onDownload,
            format: weightFormat,
            keepsQuantized: true,
          });
          if (plan.kept) network.slot.put(await loadedAdapter(plan.kept, network.slot, signal));
          return llavaModel({
            name,
            architecture,
            compute,
            untunedWording,
            network,
            tokenizer,
            templates,
            copied,
            vision,
            endTokenIds,
            format,
            weightFormat,
            base: checkpoint.base,
            adapters: await openAdapters(named, network.adaptable.linears, network.slot, signal),
            changed: changedAtOpening(checkpoint, plan),
          });
        } catch (error) {
          disposeNetwork(network);
          throw error;
        }
      });
    },
    inspect: async (opening = {}) => {
      const { signal } = opening;
      const folders = await findFolders(opening);
      return withCheckpoint(folders, { verify: false }, async (checkpoint) => {
        const { plan, tokenizer, templates, vision, language, notices } = await prepareCheckpoint(checkpoint, folders);
        const list = weightList();
        declareNetwork(checkpoint, list);
        const files = await checkpointFiles(checkpoint, folders);
        const inAdapters = await checkAdapters(await findAdapters(opening), list.linears);
        const content = await contentOfFiles(new Map([...files, ...inAdapters]), signal);
        const readsImages = vision !== undefined;
        const checkFormat = (next: ConversationFormat): void => {
          checkLength(next, language);
          templateByName(templates, next.template);
        };
        const wording = ({ template } = checkpoint.format): Wording => wordingOf(template, untunedWording);
        const encode: ModelInspection["encode"] = (conversation, { template, maximumLength }, options) =>
          encodeConversation(conversation, {
            tokenizer,
            template: templateByName(templates, template),
            maximumLength,
            positionsPerImage: vision ? patchesPerImage(vision.config) : 0,
            ...options,
          });
        const parameters = parameterCounts(plan);
        const alwaysSaved = changedAtOpening(checkpoint, plan);
        const memory = await modelMemory({
          sizes: { architecture, language, vision },
          plan,
          weightFormat: weightFormat ?? "float32",
          promptLength: promptLength(templateByName(templates, checkpoint.format.template), { tokenizer, vision }),
        });
        return {
          content,
          adapters: adapters.map(([key]) => key),
          parameters,
          alwaysSaved,
          readsImages,
          checkImage,
          tuningTemplate: tuningTemplateOf(checkpoint.format.template, architecture),
          wording,
          checkFormat,
          checkLearning: (components) => checkLearning(components, weightFormat),
          adapterParameters: (adapter) => adapterParameters(adapter, checkpoint, plan),
          memory,
          encode,
          notices: [...notices, ...formatNotices(plan, weightFormat ?? "float32")],
        };
      });
    },
  };
}

/** CLIP ViT-L/14 at 336 pixels, the tower of arXiv 2411.10557. */
const VISION_TOWER: Repository = {
  id: "openai/clip-vit-large-patch14-336",
  revision: "ce19dc912ca5cd21c8a653c79e251e808ccabcd1",
};

/** Throws `invalid-options` for a location that is neither local nor on the Hub. */
function placeOf(given: Location | HubModel): URL | HubModel {
  return isHubModel(given) ? given : toFolderUrl(given);
}

function isHubModel(given: Location | HubModel): given is HubModel {
  return hubModel.safeParse(given).success;
}

interface Wanted {
  /** A repository that the error for a missing folder suggests. */
  readonly repository: Repository | undefined;
  /** Further files to download, beside configuration and weights. */
  readonly files: readonly string[];
}

/**
 * Returns the folder of a checkpoint and downloads it if necessary. Throws `invalid-checkpoint` if it does not exist.
 */
async function folderOf(place: URL | HubModel, wanted: Wanted, opening: OpenOptions): Promise<URL> {
  if (!(place instanceof URL)) return hubCheckpoint(place, wanted.files, opening);
  // Checked without the slash, so that a file at this path exists too.
  if (await pathExists(new URL(place.href.replace(/\/$/, "")))) return place;
  const missing = `model-llava: ${pathOf(new URL("config.json", place))} cannot be read: ${pathOf(place)} does not exist.`;
  const { id, revision } = wanted.repository ?? {};
  const advice =
    id === undefined
      ? ""
      : ` Give a folder that exists, or hub("${id}", { revision: "${revision}" }) of @mlan/hub, which downloads it.`;
  throw new MlanError("invalid-checkpoint", `${missing}${advice}`);
}

async function withCheckpoint<Result>(
  folders: CheckpointFolders,
  options: OpenCheckpointOptions,
  use: (checkpoint: OpenModel) => Promise<Result>,
): Promise<Result> {
  const checkpoint = await openModel(folders, options);
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** Throws `invalid-data` for a file that is not a supported image, e.g. a saved web page. */
function checkImage({ name, origin }: ImageReference, bytes: Uint8Array): void {
  readableFormat(bytes, { errorPrefix: "model-llava", name: origin === undefined ? name : `${name} (${origin})` });
}

/** Returns the components that are not in the base's folders: trained components and a new projector. */
function changedAtOpening({ trained }: OpenModel, { fresh }: WeightPlan): readonly Component[] {
  return [...new Set([...trained, ...fresh.map(({ component }) => component)])];
}
