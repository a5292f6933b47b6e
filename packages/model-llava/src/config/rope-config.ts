import { z } from "zod";
import { checkConfig, type ConfigObject } from "./config-file.ts";

/** How rotary positions are scaled beyond the pretraining context length. The types are named as in transformers. */
export type RopeScaling =
  | { readonly type: "linear"; readonly factor: number }
  /** NTK-aware scaling by the length of the sequence. Sequences of up to `trainedPositions` are not scaled. */
  | { readonly type: "dynamic"; readonly factor: number; readonly trainedPositions: number }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      /** Context length of pretraining. */
      readonly originalPositions: number;
    };

export interface RopeConfig {
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
}

// A theta below one would give infinite angles.
const theta = z.number().min(1);
const factor = z.number().positive();
const unsupported = "only default, linear, dynamic and llama3 are supported";
const type = z.enum(["default", "linear", "dynamic", "llama3"], { error: unsupported });

const parameters = z
  .object({
    rope_theta: theta.nullish(),
    rope_type: type.nullish(),
    // The name of `rope_type` in older files.
    type: type.nullish(),
    factor: factor.nullish(),
    low_freq_factor: factor.nullish(),
    high_freq_factor: factor.nullish(),
    original_max_position_embeddings: z.int().positive().nullish(),
    partial_rotary_factor: z.literal(1, { error: "only whole heads are supported" }).nullish(),
  })
  .superRefine((value, context) => {
    const needed = NEEDED[value.rope_type ?? value.type ?? "default"];
    for (const key of needed) {
      if (value[key] == null) context.addIssue({ code: "custom", path: [key], message: "is needed" });
    }
    const { low_freq_factor: low, high_freq_factor: high } = value;
    if (low != null && high != null && high <= low) {
      context.addIssue({ code: "custom", path: ["high_freq_factor"], message: "must be above low_freq_factor" });
    }
  });

const NEEDED = {
  default: [],
  linear: ["factor"],
  dynamic: ["factor"],
  llama3: ["factor", "low_freq_factor", "high_freq_factor"],
} as const;

/** The keys of transformers 4, and `rope_parameters` of transformers 5. */
const schema = z.object({
  rope_theta: theta.nullish(),
  rope_scaling: parameters.nullish(),
  rope_parameters: parameters.nullish(),
  original_max_position_embeddings: z.int().positive().nullish(),
  partial_rotary_factor: z.literal(1, { error: "only whole heads are supported" }).nullish(),
});

/**
 * Reads the keys for rotary positions. As in transformers 5, `rope_scaling` takes precedence over `rope_parameters`,
 * and a `rope_theta` inside either of them over one at the top level. Throws `invalid-checkpoint` for a missing key or
 * an unsupported value.
 */
export function ropeConfig(value: ConfigObject, file: URL, maximumPositions: number): RopeConfig {
  const config = checkConfig(schema, value, file);
  const { rope_scaling: scaling, rope_parameters: newer } = config;
  const found = scaling && Object.keys(scaling).length > 0 ? scaling : (newer ?? {});
  const ropeScaling = scalingOf(found, config.original_max_position_embeddings ?? undefined, maximumPositions);
  const ropeTheta = found.rope_theta ?? config.rope_theta ?? 10_000;
  return { ropeTheta, ...(ropeScaling && { ropeScaling }) };
}

function scalingOf(
  found: z.infer<typeof parameters>,
  original: number | undefined,
  maximumPositions: number,
): RopeScaling | undefined {
  const scale = found.factor ?? 1;
  switch (found.rope_type ?? found.type ?? "default") {
    case "linear":
      return { type: "linear", factor: scale };
    case "dynamic":
      return { type: "dynamic", factor: scale, trainedPositions: maximumPositions };
    case "llama3":
      return {
        type: "llama3",
        factor: scale,
        lowFrequencyFactor: found.low_freq_factor ?? 1,
        highFrequencyFactor: found.high_freq_factor ?? 1,
        originalPositions: original ?? found.original_max_position_embeddings ?? maximumPositions,
      };
    default:
      return undefined;
  }
}
