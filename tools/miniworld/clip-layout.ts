import { deriveSeed, seededRandom } from "@mlan/core";
import type { VisionConfig, VisionTower } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";

/** The sizes of mini-clip: one patch per cell of a scene. */
export const SIZES: VisionConfig = {
  hiddenSize: 64,
  intermediateSize: 256,
  layers: 3,
  heads: 4,
  imageSize: 48,
  patchSize: 12,
  activation: "quick_gelu",
  normEpsilon: 1e-5,
};

export const CONFIGURATION = {
  architectures: ["CLIPVisionModel"],
  model_type: "clip_vision_model",
  hidden_size: SIZES.hiddenSize,
  intermediate_size: SIZES.intermediateSize,
  num_hidden_layers: SIZES.layers,
  num_attention_heads: SIZES.heads,
  image_size: SIZES.imageSize,
  patch_size: SIZES.patchSize,
  num_channels: 3,
  hidden_act: SIZES.activation,
  layer_norm_eps: SIZES.normEpsilon,
  projection_dim: 64,
  torch_dtype: "float32",
} as const;

/** Mean and deviation are those of openai/clip-vit-large-patch14-336. */
export const PREPROCESSOR = {
  crop_size: { height: SIZES.imageSize, width: SIZES.imageSize },
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
  resample: 3,
  rescale_factor: 1 / 255,
  size: { shortest_edge: SIZES.imageSize },
} as const;

/** Variables under their names in a checkpoint, with random values. */
export class Variables {
  readonly all = new Map<string, tf.Variable>();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  vector(name: string, size: number, value: number): tf.Variable<tf.Rank.R1> {
    return this.#add(name, tf.tensor1d(new Float32Array(size).fill(value)));
  }

  /** Uniform with the given deviation. */
  random<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R], deviation: number): tf.Variable<R> {
    const random = seededRandom(deriveSeed(this.#seed, name));
    const width = deviation * Math.sqrt(12);
    const size = shape.reduce((product, length) => product * length, 1);
    return this.#add(
      name,
      tf.tensor<R>(
        Float32Array.from({ length: size }, () => (random.next() - 0.5) * width),
        shape,
      ),
    );
  }

  #add<R extends tf.Rank>(name: string, value: tf.Tensor<R>): tf.Variable<R> {
    const variable = tf.variable(value);
    this.all.set(name, variable);
    return variable;
  }
}

/** A random tower, its variables under the names of Hugging Face's CLIPVisionModel. */
export function randomTower(variables: Variables): VisionTower {
  const { hiddenSize, intermediateSize, patchSize, imageSize, layers } = SIZES;
  const linear = (
    name: string,
    out: number,
    input: number,
  ): { weight: tf.Variable<tf.Rank.R2>; bias: tf.Variable<tf.Rank.R1> } => ({
    weight: variables.random<tf.Rank.R2>(`${name}.weight`, [out, input], 1 / Math.sqrt(3 * input)),
    bias: variables.vector(`${name}.bias`, out, 0),
  });
  const norm = (name: string): { weight: tf.Variable<tf.Rank.R1>; bias: tf.Variable<tf.Rank.R1> } => ({
    weight: variables.vector(`${name}.weight`, hiddenSize, 1),
    bias: variables.vector(`${name}.bias`, hiddenSize, 0),
  });
  const patches = (imageSize / patchSize) ** 2;
  const embeddings = "vision_model.embeddings";
  const weights = {
    classEmbedding: variables.random<tf.Rank.R1>(`${embeddings}.class_embedding`, [hiddenSize], 0.1),
    patchEmbedding: variables.random<tf.Rank.R4>(
      `${embeddings}.patch_embedding.weight`,
      [hiddenSize, 3, patchSize, patchSize],
      1 / Math.sqrt(9 * patchSize ** 2),
    ),
    positionEmbedding: variables.random<tf.Rank.R2>(
      `${embeddings}.position_embedding.weight`,
      [1 + patches, hiddenSize],
      0.1,
    ),
    preNorm: norm("vision_model.pre_layrnorm"),
    layers: Array.from({ length: layers }, (_, layer) => {
      const prefix = `vision_model.encoder.layers.${layer}`;
      return {
        attentionNorm: norm(`${prefix}.layer_norm1`),
        query: linear(`${prefix}.self_attn.q_proj`, hiddenSize, hiddenSize),
        key: linear(`${prefix}.self_attn.k_proj`, hiddenSize, hiddenSize),
        value: linear(`${prefix}.self_attn.v_proj`, hiddenSize, hiddenSize),
        output: linear(`${prefix}.self_attn.out_proj`, hiddenSize, hiddenSize),
        mlpNorm: norm(`${prefix}.layer_norm2`),
        up: linear(`${prefix}.mlp.fc1`, intermediateSize, hiddenSize),
        down: linear(`${prefix}.mlp.fc2`, hiddenSize, intermediateSize),
      };
    }),
  };
  return { config: SIZES, weights };
}
