import { formatConfigKeys } from "../config/format-config.ts";
import { llavaConfigKeys } from "../config/llava-config.ts";
import { imageProcessorKeys } from "../images/image-processor.ts";
import { copiedOutputs } from "./copied-outputs.ts";
import type { CheckpointContent, LaidOut } from "./checkpoint-content.ts";
import { languageKeys, towerKeys } from "./config-keys.ts";
import { jsonText } from "./json-numbers.ts";

/** Returns LLaVA's layout, with the tower inside. Without a tower, returns the layout of the plain backbone. */
export function llavaLayout(content: CheckpointContent, dtype: string): LaidOut {
  const { architecture, format, vision, weights } = content;
  const { className, modelType } = vision ? architecture.llava : architecture.plain;
  const config = {
    ...languageKeys(content),
    ...formatConfigKeys(format, content.templateFingerprint),
    torch_dtype: dtype,
    architectures: [className],
    model_type: modelType,
    ...(vision && {
      ...llavaConfigKeys({ ...vision, towerName: publishedName(vision.towerName) }, vision.config.hiddenSize),
      // Without this key, LLaVA's code loads the untrained tower named in mm_vision_tower.
      ...((vision.tunedTower || content.changed.has("vision")) && { unfreeze_mm_vision_tower: true }),
      // LLaVA's code loads the tower from mm_vision_tower; checkpoints of mlan contain the tower.
      vision_config: towerKeys(content),
    }),
  };
  const files = copiedOutputs(content);
  if (vision) files.set("preprocessor_config.json", jsonText(imageProcessorKeys(vision.processor)));
  return { config, weights, files };
}

/** Adds the publisher to the name of a tower, because LLaVA's code loads no tower without a publisher. */
function publishedName(name: string): string {
  return name.startsWith("clip-vit-") ? `openai/${name}` : name;
}
