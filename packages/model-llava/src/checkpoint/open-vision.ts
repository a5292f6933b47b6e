import { basename } from "node:path";
import { counted, MlanError, pathOf } from "@mlan/core";
import { fileExists } from "../config/checkpoint-file.ts";
import { type ConfigObject, isObject, readConfigFile } from "../config/config-file.ts";
import type { LlavaConfig } from "../config/llava-config.ts";
import { visionConfig } from "../config/vision-config.ts";
import { clipImageProcessor, type ImageProcessor } from "../images/image-processor.ts";
import { readImageProcessor } from "../images/read-image-processor.ts";
import type { VisionOptions } from "../network/llava-network.ts";

export interface CheckpointVision extends VisionOptions, LlavaConfig {
  /** The tower's sizes, in the keys of its `config.json`. */
  readonly configObject: ConfigObject;
  readonly processor: ImageProcessor;
}

interface VisionQuestion {
  readonly config: ConfigObject;
  readonly file: URL;
  readonly llava: LlavaConfig | undefined;
  readonly visionTower: URL | undefined;
  readonly towerName: string | undefined;
  /** Whether the checkpoint contains the tower's weights. */
  readonly hasTower: boolean;
}

/**
 * Returns the sizes and image preprocessing of the vision tower; undefined for a plain backbone without a tower. The
 * sizes of a tower inside the checkpoint come from the checkpoint. The original LLaVA does not save them; they are then
 * read from the folder of the tower that was tuned.
 */
export async function openVision(question: VisionQuestion): Promise<CheckpointVision | undefined> {
  const { config, file, llava, visionTower, towerName, hasTower } = question;
  const isInside = hasTower && isObject(config["vision_config"]);
  if (llava && isInside) return describeVision(config, file, llava);
  if (llava?.tunedTower && !hasTower) {
    const missing = `${pathOf(file)} says that the vision tower was trained (unfreeze_mm_vision_tower), but the weights lack it`;
    throw new MlanError("invalid-checkpoint", `model-llava: ${missing}. Download all files of the model.`);
  }
  if (visionTower) {
    const towerFile = new URL("config.json", visionTower);
    const tower = await readConfigFile(towerFile);
    return describeVision(
      tower,
      towerFile,
      llava ?? { towerName: towerName ?? basename(pathOf(visionTower)), selectLayer: -2 },
    );
  }
  if (!llava) return undefined;
  const lacks = hasTower ? "holds the tensors of" : "names";
  const but = hasTower ? "not its sizes, which the tower's own config.json has" : "the checkpoint does not contain it";
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)} ${lacks} the vision tower "${llava.towerName}" but ${but}. ` +
      `Give its folder, or hub("${llava.towerName}") of @mlan/hub, as \`visionTower\`.`,
  );
}

async function describeVision(tower: ConfigObject, file: URL, llava: LlavaConfig): Promise<CheckpointVision> {
  const config = visionConfig(tower, file);
  const { processor, from } = await processorBeside(file, config.imageSize);
  if (processor.size !== config.imageSize) {
    throw new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(from)} makes images of ${processor.size} pixels, but ${pathOf(file)} expects ${config.imageSize}. ` +
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

/**
 * File names of the image processor, in the order in which transformers searches. Transformers 5 writes only the first.
 */
export const PROCESSOR_FILES: readonly string[] = ["processor_config.json", "preprocessor_config.json"];

async function processorBeside(file: URL, size: number): Promise<{ processor: ImageProcessor; from: URL }> {
  for (const name of PROCESSOR_FILES) {
    const from = new URL(name, file);
    const processor = (await fileExists(from)) ? await readImageProcessor(from) : undefined;
    if (processor) return { processor, from };
  }
  return { processor: clipImageProcessor(size), from: file };
}
