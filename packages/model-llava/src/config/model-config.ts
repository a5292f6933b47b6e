import type { Architecture } from "../architectures/architecture.ts";
import { type CheckpointType, checkpointType } from "./checkpoint-type.ts";
import { type ConfigObject, readConfigFile } from "./config-file.ts";
import { flatConfig, isNested } from "./nested-config.ts";

/** The `config.json` of a model, in the keys of the original LLaVA whichever layout the file has. */
export interface ModelConfig {
  readonly config: ConfigObject;
  readonly file: URL;
  readonly type: CheckpointType;
}

/** Throws `invalid-checkpoint` for a file that cannot be read, and for a different architecture. */
export async function readModelConfig(architecture: Architecture, file: URL): Promise<ModelConfig> {
  const stored = await readConfigFile(file);
  const type = await checkpointType(architecture, stored, file);
  return { config: isNested(stored) ? flatConfig(stored, architecture, file) : stored, file, type };
}
