import { z } from "zod";
import { fileExists } from "./checkpoint-file.ts";
import { checkConfig, type ConfigObject, readConfigFile } from "./config-file.ts";

export const GENERATION_CONFIG = "generation_config.json";

/**
 * Returns the ids of the tokens that end an answer, from `generation_config.json`, or else from `config.json`. Ignores
 * ids outside the vocabulary. Throws `invalid-checkpoint` for a value that is not an id.
 */
export async function endTokenIds(config: ConfigObject, file: URL, vocabularySize: number): Promise<readonly number[]> {
  const generation = new URL(GENERATION_CONFIG, file);
  const own = (await fileExists(generation)) ? idsOf(await readConfigFile(generation), generation, vocabularySize) : [];
  return own.length > 0 ? own : idsOf(config, file, vocabularySize);
}

function idsOf(value: ConfigObject, file: URL, vocabularySize: number): readonly number[] {
  const ids = checkConfig(schema, value, file).eos_token_id ?? [];
  return ids.filter((id) => id >= 0 && id < vocabularySize);
}

const schema = z.object({ eos_token_id: z.union([z.int().transform((id) => [id]), z.array(z.int())]).nullish() });
