import { MlanError, pathOf, shownValue } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import { type CheckpointType, checkpointType } from "./checkpoint-type.ts";
import { type ConfigObject, isObject, readConfigFile } from "./config-file.ts";
import { flatConfig, isNested } from "./nested-config.ts";

/** The `config.json` of a model. Its keys are those of the original LLaVA for every layout of the file. */
export interface ModelConfig {
  readonly config: ConfigObject;
  readonly file: URL;
  readonly type: CheckpointType;
}

/**
 * Reads the `config.json` of a model. Throws `invalid-checkpoint` for a file that cannot be read, a different
 * architecture, or quantized weights.
 */
export async function readModelConfig(architecture: Architecture, file: URL): Promise<ModelConfig> {
  const stored = await readConfigFile(file);
  const type = await checkpointType(architecture, stored, file);
  refuseQuantized(stored, file);
  return { config: isNested(stored) ? flatConfig(stored, architecture, file) : stored, file, type };
}

/**
 * Throws `invalid-checkpoint` for quantized weights. Quantized formats can store different values in tensors with the
 * same names and shapes.
 */
function refuseQuantized(stored: ConfigObject, file: URL): void {
  const { quantization_config: own, text_config: text } = stored;
  const found = own ?? (isObject(text) ? text["quantization_config"] : undefined);
  if (found === undefined || found === null) return;
  const method = isObject(found) && "quant_method" in found ? ` by ${shownValue(found["quant_method"])}` : "";
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: key "quantization_config" says that the weights are quantized${method}, which is not ` +
      'supported. Take the checkpoint from which they were made, and open it with weightFormat "int8" or "int4".',
  );
}
