import { type ConversationFormat, pathOf } from "@mlan/core";
import type { SafetensorsReader } from "@mlan/safetensors";
import type { Architecture } from "../architectures/architecture.ts";
import { fileExists } from "../config/checkpoint-file.ts";
import { type ConfigObject, readConfigFile } from "../config/config-file.ts";
import { endTokenIds } from "../config/generation-config.ts";
import { formatConfig, withStoredFormat } from "../config/format-config.ts";
import type { ChatTemplateSource } from "../templates/jinja/chat-template.ts";
import { readChatTemplates } from "../templates/jinja/read-chat-templates.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import { llavaConfig } from "../config/llava-config.ts";
import { type ModelConfig, readModelConfig } from "../config/model-config.ts";
import { type Adapter, openAdapter } from "../weights/adapter.ts";
import { openWeights } from "../weights/open-weights.ts";
import { openProjector } from "../weights/projector-file.ts";
import { originalName, renamed } from "../weights/tensor-names.ts";
import { holdsOwnHead } from "../weights/tied-weights.ts";
import { unusedWeightFiles } from "../weights/unused-files.ts";
import { holdsTower, type WeightSources } from "../weights/weight-plan.ts";
import { type CheckpointVision, openVision } from "./open-vision.ts";
import { verifyFolder } from "./verify-folder.ts";

export type { CheckpointVision } from "./open-vision.ts";

export interface CheckpointFolders {
  /** The expected architecture. Other architectures are errors. */
  readonly architecture: Architecture;
  /** Name of the template of the model's conversations. Default: the template that the folder names. */
  readonly template?: string | undefined;
  /** Folder of a backbone, or of a LLaVA checkpoint with this backbone, in Hugging Face layout. Ends in a slash. */
  readonly weights: URL;
  /** Folder of a low-rank adapter for `weights`, as written by PEFT. Ends in a slash. */
  readonly adapter?: URL | undefined;
  /** Whether the adapter is kept separate from the weights. Default false: the adapter is merged into the weights. */
  readonly keepAdapter?: boolean | undefined;
  /** Folder of a CLIP checkpoint in Hugging Face layout. Ends in a slash. A tower inside `weights` takes precedence. */
  readonly visionTower?: URL | undefined;
  /** Name of the tower in saved checkpoints. Default: the name of its folder. */
  readonly towerName?: string;
}

/** A checkpoint with its configuration read and its weight files open. */
export interface Checkpoint {
  readonly architecture: Architecture;
  /** The whole `config.json`, with the key names of the original LLaVA. */
  readonly config: ConfigObject;
  readonly language: LanguageConfig;
  readonly vision: CheckpointVision | undefined;
  readonly format: ConversationFormat;
  readonly chatTemplates: readonly ChatTemplateSource[];
  readonly weights: WeightSources;
  /** Ids of the tokens that end an answer, from `generation_config.json` or `config.json`. */
  readonly endTokenIds: readonly number[];
  /** Notices for the user about the folders. Each is a sentence without a full stop. */
  readonly notices: readonly string[];
  close(): Promise<void>;
}

export interface OpenCheckpointOptions {
  /**
   * Whether to verify the checksums of a folder that has them. This reads all files, about 1 GB per second. Default
   * true.
   */
  readonly verify?: boolean;
  /** Whether the error for a changed file says what to do after an intended change. Default true. */
  readonly mayBeChanged?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the configuration, verifies checksums, and opens the weights. Throws `invalid-checkpoint` with file and key,
 * and the reason of an aborted `signal`.
 */
export async function openCheckpoint(
  folders: CheckpointFolders,
  { verify = true, mayBeChanged = true, signal }: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const { architecture, weights, visionTower, towerName } = folders;
  const read = await readConfig(folders);
  if (verify) {
    for (const folder of [weights, folders.adapter, visionTower])
      if (folder) await verifyFolder(folder, { mayBeChanged, signal });
  }
  const { type, file } = read;
  let config = read.config;
  const llava = type === "llava" ? llavaConfig(config, file) : undefined;
  const chatTemplates = await readChatTemplates(weights);
  const names = chatTemplates.map(({ name }) => name);
  const format = formatConfig(config, { type, architecture, file, chatTemplates: names, named: folders.template });
  // Refuses unsupported configurations before weights are opened.
  architecture.config(config, file);
  const opened: SafetensorsReader[] = [];
  const open = async <Reader extends SafetensorsReader | undefined>(opening: Promise<Reader>): Promise<Reader> => {
    const reader = await opening;
    if (reader) opened.push(reader);
    return reader;
  };
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((reader) => reader.close()));
  };
  const notices: string[] = [];
  try {
    const checkpoint = renamed(await open(openWeights(weights)), originalName);
    const adapter = await openedAdapter(folders.adapter, opened);
    if (config["tie_word_embeddings"] === true && (await holdsOwnHead(checkpoint))) {
      config = { ...config, tie_word_embeddings: false };
      notices.push(
        `${pathOf(file)} ties the output layer to the embedding, but the weights hold a separate output layer, which is used`,
      );
    }
    const hasTower = holdsTower(checkpoint);
    const vision = await openVision({ config, file, llava, visionTower, towerName, hasTower });
    if (visionTower && hasTower) {
      notices.push(
        `the vision tower is the one inside ${pathOf(weights)}; the weights in ${pathOf(visionTower)} are not read`,
      );
    }
    const tower = visionTower && !hasTower ? await open(openWeights(visionTower)) : undefined;
    const projector = vision && (await open(openProjector(weights)));
    const sources: WeightSources = {
      checkpoint,
      ...(adapter && (folders.keepAdapter ? { kept: adapter } : { adapter })),
      ...(tower && { tower }),
      ...(projector && { projector }),
      freshProjector: type === "plain",
    };
    notices.push(...(await unused(folders, opened, tower)));
    const language = architecture.config(config, file);
    const ends = await endTokenIds(config, new URL("config.json", weights), language.vocabularySize);
    const common = { architecture, config, language, vision, format, chatTemplates, endTokenIds: ends, notices };
    return { ...common, weights: sources, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Reads the configuration of a checkpoint. If the folder of an adapter has a `config.json` of LLaVA, that file
 * describes the whole model. If mlan wrote the file, it also records the conversation format of the adapter's training.
 */
async function readConfig({ architecture, weights, adapter }: CheckpointFolders): Promise<ModelConfig> {
  const base = await readModelConfig(architecture, new URL("config.json", weights));
  const file = adapter && new URL("config.json", adapter);
  if (!file || !(await fileExists(file))) return base;
  if (base.type === "plain") {
    const whole = await readModelConfig(architecture, file);
    if (whole.type === "llava") return whole;
  }
  return { ...base, config: withStoredFormat(base.config, await readConfigFile(file)) };
}

async function openedAdapter(folder: URL | undefined, opened: SafetensorsReader[]): Promise<Adapter | undefined> {
  if (!folder) return undefined;
  const adapter = await openAdapter(folder);
  opened.push(...adapter.readers);
  return adapter;
}

async function unused(
  { weights, adapter, visionTower }: CheckpointFolders,
  opened: readonly SafetensorsReader[],
  tower: SafetensorsReader | undefined,
): Promise<readonly string[]> {
  const folders = new Map(
    [weights, adapter, tower && visionTower].flatMap((folder) => (folder ? [[folder.href, folder]] : [])),
  );
  const found = await Promise.all([...folders.values()].map((folder) => unusedWeightFiles(folder, opened)));
  return found.flat();
}
