import { readdir } from "node:fs/promises";
import { type Component, contentOfFiles, MlanError, pathOf } from "@mlan/core";
import type { SafetensorsReader } from "@mlan/safetensors";
import { type Adapter, openAdapter } from "../weights/adapter.ts";
import { ADAPTER_CONFIG } from "../weights/adapter-config.ts";
import { checkpointType } from "../config/checkpoint-type.ts";
import { fileExists, pathExists } from "../config/checkpoint-file.ts";
import { readConfigFile } from "../config/config-file.ts";
import { formatConfig } from "../config/format-config.ts";
import { readChatTemplates } from "../templates/jinja/read-chat-templates.ts";
import { plain } from "../templates/plain.ts";
import { llavaConfig } from "../config/llava-config.ts";
import { PROJECTOR_PREFIX } from "../network/projector.ts";
import { VISION_PREFIX } from "../network/vision-tower-weights.ts";
import { type Base, type BaseRecord, checkBase, readBaseFile } from "../saving/base-file.ts";
import { overlaidReader } from "../saving/overlaid-reader.ts";
import { openWeights } from "../weights/open-weights.ts";
import { checkpointFiles } from "./checkpoint-files.ts";
import {
  type Checkpoint,
  type CheckpointFolders,
  openCheckpoint,
  type OpenCheckpointOptions,
} from "./open-checkpoint.ts";
import { openVision } from "./open-vision.ts";
import { verifyFolder } from "./verify-folder.ts";

/** An open checkpoint, and the base model on which it was trained. */
export interface OpenModel extends Checkpoint {
  readonly base: Base;
  /** The components that were trained on the base; empty for a folder with a whole model. */
  readonly trained: readonly Component[];
}

export interface OpenModelFolderOptions extends OpenCheckpointOptions {
  /** Folders to use instead of those in `base.json`. Their files must be identical. */
  readonly base?: Base | undefined;
}

/**
 * Opens the folder of a whole model, or a folder of trained components together with its base model. Throws
 * `invalid-checkpoint` like {@link openCheckpoint}, and for a base model that is missing or has changed.
 */
export async function openModel(
  folders: CheckpointFolders,
  { base: own, ...options }: OpenModelFolderOptions = {},
): Promise<OpenModel> {
  const record = await readBaseFile(folders.weights);
  if (record) return openTrained(folders, { record, own, options });
  const checkpoint = await openCheckpoint(folders, options);
  const { kept, ...rest } = checkpoint.weights;
  if (!kept) return { ...checkpoint, base: await baseOf(checkpoint, folders), trained: [] };
  const base = await baseOf({ ...checkpoint, weights: rest }, { ...folders, adapter: undefined });
  return { ...checkpoint, base, trained: componentsOf([...kept.whole.keys()], kept) };
}

async function baseOf(checkpoint: Checkpoint, folders: CheckpointFolders): Promise<Base> {
  const { weights, adapter, visionTower } = folders;
  try {
    const files = await checkpointFiles(checkpoint, folders);
    return { weights, adapter, visionTower, files, content: await contentOfFiles(files) };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

interface TrainedQuestion {
  readonly record: BaseRecord;
  readonly own: Base | undefined;
  readonly options: OpenCheckpointOptions;
}

async function openTrained(folders: CheckpointFolders, { record, own, options }: TrainedQuestion): Promise<OpenModel> {
  const { architecture, weights } = folders;
  const { verify = true, mayBeChanged = true, signal } = options;
  const file = new URL("config.json", weights);
  const config = await readConfigFile(file);
  const type = await checkpointType(architecture, config, file);
  if (verify) await verifyFolder(weights, { mayBeChanged, signal });
  const places = own ?? { ...record, visionTower: folders.visionTower ?? record.visionTower };
  await requireBase(record, places);
  // The template of the base model is not used. Its files are compared below with those at training time.
  const opening = { ...options, verify: false };
  const below = await openCheckpoint(
    { ...foldersOf(folders, places), template: plain.name, keepAdapter: false },
    opening,
  );
  const above: SafetensorsReader[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(above.map((reader) => reader.close()));
    await below.close();
  };
  try {
    const base = own ?? (await baseOf(below, foldersOf(folders, places)));
    await checkBase(record, base);
    const kept = (await fileExists(new URL(ADAPTER_CONFIG, weights))) ? await openAdapter(weights) : undefined;
    above.push(...(kept?.readers ?? []));
    const whole = kept && !(await holdsTrained(weights)) ? undefined : await openWeights(weights);
    if (whole) above.push(whole);
    const tensors = new Set([...(whole?.entries.keys() ?? []), ...(kept?.whole.keys() ?? [])]);
    const trained = componentsOf([...tensors], kept);
    const inFolder = await readChatTemplates(weights);
    const chatTemplates = inFolder.length > 0 ? inFolder : below.chatTemplates;
    const names = chatTemplates.map(({ name }) => name);
    const { tower, projector, adapter, ...rest } = below.weights;
    const llava = type === "llava" ? llavaConfig(config, file) : undefined;
    return {
      ...below,
      config,
      language: architecture.config(config, file),
      format: formatConfig(config, { type, architecture, file, chatTemplates: names, named: folders.template }),
      chatTemplates,
      vision: await openVision({ config, file, llava, visionTower: undefined, towerName: undefined, hasTower: true }),
      weights: {
        ...rest,
        ...(tower && !trained.includes("vision") && { tower }),
        ...(adapter && {
          adapter: withoutTrained(adapter, tensors),
        }),
        ...(kept && { kept }),
        ...(projector && !trained.includes("projector") && { projector }),
        checkpoint: whole ? overlaidReader(rest.checkpoint, whole) : rest.checkpoint,
        freshProjector: false,
      },
      base,
      trained,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Returns whether a folder has trained weights in addition to those of an adapter. */
async function holdsTrained(folder: URL): Promise<boolean> {
  return (await readdir(folder)).some((name) => /^trained(-\d+-of-\d+)?\.safetensors$/.test(name));
}

type Places = Pick<Base, "weights" | "adapter" | "visionTower">;

function foldersOf(folders: CheckpointFolders, { weights, adapter, visionTower }: Places): CheckpointFolders {
  return { ...folders, weights, adapter, visionTower };
}

/** Returns the adapter without its changes to tensors that were trained in full later. */
function withoutTrained(adapter: Adapter, above: ReadonlySet<string>): Adapter {
  const isKept = ([name]: readonly [string, unknown]): boolean => !above.has(name);
  const updates = new Map([...adapter.updates].filter(isKept));
  return { ...adapter, updates, whole: new Map([...adapter.whole].filter(isKept)) };
}

async function requireBase({ file }: BaseRecord, places: Places): Promise<void> {
  for (const folder of [places.weights, places.adapter, places.visionTower]) {
    if (!folder || (await pathExists(new URL(folder.href.replace(/\/$/, ""))))) continue;
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(new URL("./", file))} holds only trained components, and the folder with the rest of the model, ` +
        `${pathOf(folder)}, does not exist. Put it back, or write its new path into ${pathOf(file)}.`,
    );
  }
}

function componentsOf(names: readonly string[], kept: Adapter | undefined): readonly Component[] {
  return [...new Set([...names.map(componentOf), ...(kept ? (["adapter"] as const) : [])])];
}

function componentOf(name: string): Component {
  if (name.startsWith(PROJECTOR_PREFIX)) return "projector";
  return name.startsWith(VISION_PREFIX) ? "vision" : "language";
}
