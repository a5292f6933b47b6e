import { z } from "zod";
import { checkConfig, type ConfigObject } from "./config-file.ts";
import { type RopeConfig, ropeConfig, type RopeScaling } from "./rope-config.ts";

/** The sizes of a Llama decoder. */
export interface LanguageConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Number of key and value heads. Divides `heads`; `heads / keyValueHeads` query heads share one of them. */
  readonly keyValueHeads: number;
  readonly headDimension: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  /** Default: no scaling. */
  readonly ropeScaling?: RopeScaling;
  /** Maximum number of positions in a sequence. */
  readonly maximumPositions: number;
  /** Whether the embedding is also the output layer. The checkpoint then has no `lm_head.weight`. */
  readonly tiedEmbeddings: boolean;
  /** Whether the projections of attention have biases (Llama's key `attention_bias`). Default false. */
  readonly attentionBias?: boolean;
  /** Whether the projections of the MLP have biases (Llama's key `mlp_bias`). Default false. */
  readonly mlpBias?: boolean;
}

/** Reads the Llama keys of a `config.json`. Throws `invalid-checkpoint` for a missing key or an unsupported variant. */
export function languageConfig(value: ConfigObject, file: URL): LanguageConfig {
  const config = checkConfig(schema, value, file);
  const keyValueHeads = config.num_key_value_heads ?? config.num_attention_heads;
  const rope = ropeConfig(value, file, config.max_position_embeddings);
  return {
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    keyValueHeads,
    headDimension: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    normEpsilon: config.rms_norm_eps,
    ...rope,
    maximumPositions: contextLength(rope, config.max_position_embeddings),
    tiedEmbeddings: config.tie_word_embeddings ?? false,
    ...(config.attention_bias && { attentionBias: true }),
    ...(config.mlp_bias && { mlpBias: true }),
  };
}

/** Returns the context length. With dynamic scaling it is the trained context length times the factor. */
function contextLength({ ropeScaling }: RopeConfig, positions: number): number {
  return ropeScaling?.type === "dynamic" ? Math.max(positions, Math.floor(positions * ropeScaling.factor)) : positions;
}

/** Returns the context length of the model's training. With dynamic scaling the model accepts longer sequences. */
export function trainedPositions({ ropeScaling, maximumPositions }: LanguageConfig): number {
  return ropeScaling?.type === "dynamic" ? ropeScaling.trainedPositions : maximumPositions;
}

// Above the size of any model. Larger values would overflow before they are compared with the weights.
const size = z
  .int()
  .positive()
  .max(2 ** 31 - 1);

const schema = z
  .object({
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    num_key_value_heads: size.nullish(),
    head_dim: size
      .multipleOf(2)
      .nullish()
      .transform((value) => value ?? undefined),
    rms_norm_eps: z.number().positive().max(1),
    max_position_embeddings: size,
    tie_word_embeddings: z.boolean().nullish(),
    hidden_act: z.literal("silu", { error: "only silu is supported" }).nullish(),
    attention_bias: z.boolean().nullish(),
    mlp_bias: z.boolean().nullish(),
  })
  .refine((config) => config.head_dim != null || config.hidden_size % config.num_attention_heads === 0, {
    path: ["num_attention_heads"],
    error: "must divide hidden_size",
  })
  .refine((config) => config.head_dim != null || (config.hidden_size / config.num_attention_heads) % 2 === 0, {
    path: ["num_attention_heads"],
    error: "must leave an even number of values to each head",
  })
  .refine((config) => config.num_attention_heads % (config.num_key_value_heads ?? 1) === 0, {
    path: ["num_key_value_heads"],
    error: "must divide num_attention_heads",
  });
