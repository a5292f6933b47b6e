import {
  type ConversationFormat,
  makeFolder,
  messageOf,
  MlanError,
  pathOf,
  writeChecksums,
  writeFileAtomically,
} from "@mlan/core";
import { type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import type { Architecture } from "../architectures/architecture.ts";
import type { ConfigObject } from "../config/config-file.ts";
import { formatConfigKeys } from "../config/format-config.ts";
import { llavaConfigKeys } from "../config/llava-config.ts";
import { imageProcessorKeys } from "../images/image-processor.ts";
import { firstNotFinite } from "../weights/first-not-finite.ts";
import type { Weight } from "../weights/weight.ts";
import type { CheckpointVision } from "./open-checkpoint.ts";

export interface SaveOptions {
  /** How weights are stored; bfloat16 halves the size and rounds. Default: "float32". */
  readonly dtype?: "float32" | "bfloat16";
}

export interface CheckpointContent {
  readonly architecture: Architecture;
  /** The `config.json` that the model was opened with; unknown keys are kept. */
  readonly config: ConfigObject;
  readonly format: ConversationFormat;
  readonly vision: CheckpointVision | undefined;
  readonly weights: readonly Weight[];
  readonly tokenizerFiles: ReadonlyMap<string, Uint8Array>;
}

/**
 * Writes a folder in Hugging Face layout with the checksums of its files: a LLaVA checkpoint that includes its tower,
 * or a plain backbone without one. Weights are float32; tensors are read back one at a time. Throws
 * `invalid-checkpoint`, and writes no weights, when a value is not finite.
 */
export async function writeCheckpoint(
  folder: URL,
  content: CheckpointContent,
  { dtype = "float32" }: SaveOptions = {},
): Promise<void> {
  const { vision, tokenizerFiles } = content;
  await makeFolder(folder);
  const sha256 = await writeWeights(new URL(WEIGHTS, folder), content.weights, dtype);
  const files = new Map<string, string | Uint8Array>([["config.json", jsonText(configOf(content, dtype))]]);
  if (vision) files.set("preprocessor_config.json", jsonText(imageProcessorKeys(vision.processor)));
  for (const [name, bytes] of tokenizerFiles) files.set(name, bytes);
  for (const [name, text] of files) await writeFileAtomically(new URL(name, folder), text);
  await writeChecksums(folder, { files: [WEIGHTS, ...files.keys()], known: new Map([[WEIGHTS, sha256]]) });
}

const WEIGHTS = "model.safetensors";

function configOf({ architecture, config, format, vision }: CheckpointContent, dtype: string): ConfigObject {
  const { dtype: _, ...kept } = config;
  const common = { ...kept, ...formatConfigKeys(format), torch_dtype: dtype };
  const { className, modelType } = vision ? architecture.llava : architecture.plain;
  const named = { ...common, architectures: [className], model_type: modelType };
  if (!vision) return named;
  return {
    ...named,
    ...llavaConfigKeys(vision, vision.config.hiddenSize),
    // The original loads the tower from mm_vision_tower; our checkpoints contain it.
    vision_config: vision.configObject,
  };
}

async function writeWeights(file: URL, weights: readonly Weight[], dtype: "float32" | "bfloat16"): Promise<string> {
  const tensors = weights.map((weight): TensorToWrite => ({
    name: weight.name,
    shape: weight.shape,
    dtype: dtype === "bfloat16" ? "BF16" : "F32",
    data: async () => {
      const values = await weight.read();
      const place = firstNotFinite(values);
      if (place >= 0) throw notFinite(file, weight.name, values[place]);
      return values;
    },
  }));
  try {
    return await writeSafetensors(file, tensors, { format: "pt" });
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    throw new MlanError(
      "unavailable",
      `model-llava: ${pathOf(file)} could not be written: ${messageOf(cause)}. Free space or check permissions; nothing was replaced.`,
      { cause },
    );
  }
}

function notFinite(file: URL, name: string, value: number | undefined): MlanError {
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)} was not written: tensor "${name}" holds ${value}. Continue from an earlier checkpoint, ` +
      "with a lower learningRate.",
  );
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
