import { basename } from "node:path";
import {
  CHECKSUMS_FILE,
  type ConversationFormat,
  counted,
  listedFiles,
  MlanError,
  pathOf,
  verifyChecksums,
} from "@mlan/core";
import type { SafetensorsReader } from "@mlan/safetensors";
import type { Architecture } from "../architectures/architecture.ts";
import { fileExists } from "../config/checkpoint-file.ts";
import { type ConfigObject, isObject, readConfigFile } from "../config/config-file.ts";
import { formatConfig } from "../config/format-config.ts";
import { checkpointType } from "../config/checkpoint-type.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import { type LlavaConfig, llavaConfig } from "../config/llava-config.ts";
import { visionConfig } from "../config/vision-config.ts";
import { clipImageProcessor, type ImageProcessor } from "../images/image-processor.ts";
import { readImageProcessor } from "../images/read-image-processor.ts";
import type { VisionOptions } from "../network/llava-network.ts";
import { openWeights } from "../weights/open-weights.ts";
import { openProjector } from "../weights/projector-file.ts";
import { holdsTower, type WeightSources } from "../weights/weight-plan.ts";

export interface CheckpointFolders {
  /** The expected architecture; others are refused. */
  readonly architecture: Architecture;
  /** A checkpoint of the backbone, or of LLaVA on it, in Hugging Face layout. Ends in a slash. */
  readonly weights: URL;
  /** A CLIP checkpoint in Hugging Face layout. Ends in a slash. Takes precedence over a tower inside `weights`. */
  readonly visionTower?: URL | undefined;
  /** What a checkpoint calls the tower. Default: the name of its folder. */
  readonly towerName?: string;
}

/** A checkpoint whose configuration has been read and whose weight files are open. */
export interface Checkpoint {
  readonly architecture: Architecture;
  /** The backbone's whole `config.json`. */
  readonly config: ConfigObject;
  readonly language: LanguageConfig;
  readonly vision: CheckpointVision | undefined;
  readonly format: ConversationFormat;
  readonly weights: WeightSources;
  close(): Promise<void>;
}

/** The vision part of a checkpoint. */
export interface CheckpointVision extends VisionOptions, LlavaConfig {
  /** The tower's sizes as in its `config.json`. */
  readonly configObject: ConfigObject;
  readonly processor: ImageProcessor;
}

export interface OpenCheckpointOptions {
  /**
   * Whether to verify the files of a folder that has checksums, which reads all of them: about a second per gigabyte.
   * Default true.
   */
  readonly verify?: boolean;
  /** Whether the error for a changed file says what to do if the change is intended. Default true. */
  readonly mayBeChanged?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the configuration, verifies the files of a folder that has checksums, and opens the weights. Throws
 * `invalid-checkpoint` errors that name file and key, and the reason of `signal`.
 */
export async function openCheckpoint(
  { architecture, weights, visionTower, towerName }: CheckpointFolders,
  { verify = true, mayBeChanged = true, signal }: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const file = new URL("config.json", weights);
  const config = await readConfigFile(file);
  if (verify)
    for (const folder of [weights, ...(visionTower ? [visionTower] : [])]) {
      await verifyFolder(folder, mayBeChanged, signal);
    }
  const type = await checkpointType(architecture, config, file);
  const language = architecture.config(config, file);
  const format = formatConfig(config, type, architecture, file);
  const llava = type === "llava" ? llavaConfig(config, file) : undefined;
  const opened: SafetensorsReader[] = [];
  const open = async <Reader extends SafetensorsReader | undefined>(opening: Promise<Reader>): Promise<Reader> => {
    const reader = await opening;
    if (reader) opened.push(reader);
    return reader;
  };
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((reader) => reader.close()));
  };
  try {
    const checkpoint = await open(openWeights(weights));
    const vision = await openVision({ config, file, llava, visionTower, towerName, hasTower: holdsTower(checkpoint) });
    const tower = visionTower && (await open(openWeights(visionTower)));
    const projector = vision && (await open(openProjector(weights)));
    const sources = {
      checkpoint,
      ...(tower && { tower }),
      ...(projector && { projector }),
      freshProjector: type === "plain",
    };
    return { architecture, config, language, vision, format, weights: sources, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function verifyFolder(folder: URL, mayBeChanged: boolean, signal: AbortSignal | undefined): Promise<void> {
  const verified = await verifyChecksums(folder, { signal }).catch(async (cause: unknown) => {
    if (!MlanError.is(cause)) throw cause;
    const wayOut = mayBeChanged && cause.code === "invalid-checkpoint" ? ` ${await wayToChange(folder)}` : "";
    throw new MlanError(cause.code, `model-llava: ${cause.message}${wayOut}`, { cause });
  });
  if (verified || !(await belongsToTraining(folder))) return;
  const missing = `${pathOf(new URL(CHECKSUMS_FILE, folder))} is missing, so the weights cannot be verified`;
  const wayOut = `Restore it, or copy ${pathOf(folder)} to another place and open that.`;
  throw new MlanError("invalid-checkpoint", `model-llava: ${missing}. ${wayOut}`);
}

async function wayToChange(folder: URL): Promise<string> {
  if (!(await belongsToTraining(folder))) return `If the change is intended, remove ${CHECKSUMS_FILE}.`;
  return `If the change is intended, copy ${pathOf(folder)} to another place, remove ${CHECKSUMS_FILE} from the copy, and open that.`;
}

/**
 * Whether the folder is part of a training checkpoint, whose own list of checksums names this folder's list. The run
 * needs both.
 */
async function belongsToTraining(folder: URL): Promise<boolean> {
  const around = await listedFiles(new URL("../", folder));
  return around?.includes(`${nameOf(folder)}/${CHECKSUMS_FILE}`) ?? false;
}

interface VisionQuestion {
  readonly config: ConfigObject;
  readonly file: URL;
  readonly llava: LlavaConfig | undefined;
  readonly visionTower: URL | undefined;
  readonly towerName: string | undefined;
  readonly hasTower: boolean;
}

/** Undefined for a plain backbone without a tower, which then reads text only. */
async function openVision({
  config,
  file,
  llava,
  visionTower,
  towerName,
  hasTower,
}: VisionQuestion): Promise<CheckpointVision | undefined> {
  if (visionTower) {
    const towerFile = new URL("config.json", visionTower);
    const tower = await readConfigFile(towerFile);
    return describeVision(tower, towerFile, llava ?? { towerName: towerName ?? nameOf(visionTower), selectLayer: -2 });
  }
  if (!llava) return undefined;
  if (hasTower && isObject(config["vision_config"])) return describeVision(config, file, llava);
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)} names the vision tower "${llava.towerName}" but the checkpoint does not contain it. ` +
      `Give its folder, or hub("${llava.towerName}") of @mlan/hub, as \`visionTower\`.`,
  );
}

async function describeVision(tower: ConfigObject, file: URL, llava: LlavaConfig): Promise<CheckpointVision> {
  const config = visionConfig(tower, file);
  const processorFile = new URL("preprocessor_config.json", file);
  const read = (await fileExists(processorFile)) ? await readImageProcessor(processorFile) : undefined;
  const processor = read ?? clipImageProcessor(config.imageSize);
  if (processor.size !== config.imageSize) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(processorFile)} makes images of ${processor.size} pixels, but ${pathOf(file)} expects ${config.imageSize}. ` +
        "Take both files from the same tower.",
    );
  }
  if (-llava.selectLayer > config.layers + 1) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: key "mm_vision_select_layer" is ${llava.selectLayer}, but ${pathOf(file)} has ${counted(config.layers, "layer")}.`,
    );
  }
  const configObject = isObject(tower["vision_config"]) ? tower["vision_config"] : tower;
  return { ...llava, config, configObject, processor };
}

/** The last part of a folder's path, which serves as the name of a local tower. */
function nameOf(folder: URL): string {
  return basename(pathOf(folder));
}
