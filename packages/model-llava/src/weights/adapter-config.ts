import { MlanError, pathOf, shownValue } from "@mlan/core";
import { z } from "zod";
import { checkConfig, type ConfigObject, readConfigFile } from "../config/config-file.ts";

export const ADAPTER_CONFIG = "adapter_config.json";

/** The `adapter_config.json` of a low-rank adapter from PEFT. */
export interface AdapterConfig {
  /** The base model as named in training: a folder, or a repository on the Hub. */
  readonly base: string | undefined;
  /** Probability with which each input value is dropped during training. */
  readonly dropout: number;
  readonly keys: ConfigObject;
  /** Revision of the base model on the Hub. */
  readonly baseRevision: string | undefined;
  /**
   * Returns the factor of a module's update. Throws `invalid-checkpoint` if `rank`, the rank of the stored matrices,
   * differs from the configuration.
   */
  scaleOf(module: string, rank: number): number;
}

/**
 * Reads the `adapter_config.json` in a folder. Throws `invalid-checkpoint` with file and key for an adapter that is not
 * a low-rank update.
 */
export async function readAdapterConfig(folder: URL): Promise<AdapterConfig> {
  const file = new URL(ADAPTER_CONFIG, folder);
  const keys = await readConfigFile(file);
  const config = checkConfig(schema, keys, file);
  const ranks = patterns(config.rank_pattern);
  const alphas = patterns(config.alpha_pattern);
  return {
    base: config.base_model_name_or_path ?? undefined,
    dropout: config.lora_dropout ?? 0,
    keys,
    baseRevision: config.revision ?? undefined,
    scaleOf: (module, rank) => {
      const expected = valueOf(ranks, module) ?? config.r;
      if (rank !== expected) {
        throw new MlanError(
          "invalid-checkpoint",
          `model-llava: the adapter of "${module}" in ${pathOf(folder)} has rank ${rank}, but ${ADAPTER_CONFIG} says ${shownValue(expected)}. ` +
            "Take both files from the same adapter.",
        );
      }
      return (valueOf(alphas, module) ?? config.lora_alpha) / (config.use_rslora ? Math.sqrt(rank) : rank);
    },
  };
}

type Pattern = readonly [module: RegExp, value: number];

/** Compiles PEFT's patterns: regular expressions for the end of a module's name. In practice they are plain names. */
function patterns(values: Readonly<Record<string, number>> | null | undefined): readonly Pattern[] {
  return Object.entries(values ?? {}).map(([name, value]) => [
    new RegExp(`^(.*\\.)?(${name.replaceAll(/[.]/g, "\\.")})$`),
    value,
  ]);
}

function valueOf(all: readonly Pattern[], module: string): number | undefined {
  return all.find(([pattern]) => pattern.test(module))?.[1];
}

const remedy = "merge it into its base in Python with merge_and_unload";
const off = z.literal(false, { error: remedy }).nullish();
const none = z.null({ error: remedy }).optional();
const rank = z.int().positive();
// Anything else could be a regular expression with exponential time.
const names = z
  .record(z.string(), z.number().positive())
  .refine((patterns) => Object.keys(patterns).every((name) => /^\^?[\w.]+$/.test(name)), {
    error: `only names of modules are supported; ${remedy}`,
  });

/**
 * The initializations that leave the base model unchanged. Others, such as "pissa", subtract the initial update from
 * the base, so the saved update does not fit the published weights.
 */
const initialization = z.union([
  z.boolean(),
  z.string().regex(/^(gaussian|orthogonal|eva|mica)$/i, { error: `which also changes the base; ${remedy}` }),
]);

const schema = z.object({
  peft_type: z.literal("LORA", { error: `only LORA is supported; ${remedy}` }),
  base_model_name_or_path: z.string().nullish(),
  revision: z.string().min(1).nullish(),
  r: rank,
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).nullish(),
  use_rslora: z.boolean().nullish(),
  init_lora_weights: initialization.nullish(),
  rank_pattern: names.nullish(),
  alpha_pattern: names.nullish(),
  fan_in_fan_out: off,
  use_dora: off,
  use_qalora: off,
  use_bdlora: none,
  lora_bias: off,
  layer_replication: none,
  alora_invocation_tokens: none,
  arrow_config: none,
  monteclora_config: none,
  target_parameters: none,
  trainable_token_indices: none,
});
