import { deriveSeed, seededRandom } from "@mlan/core";
import { declareVisionTower, type VisionConfig, type VisionTower, weightList } from "@mlan/model-llava";
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

/** Mean and standard deviation are those of openai/clip-vit-large-patch14-336. */
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

/** Randomly initialized variables by name. */
export class Variables {
  readonly all = new Map<string, tf.Variable>();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  vector(name: string, size: number, value: number): tf.Variable<tf.Rank.R1> {
    return this.#add(name, tf.tensor1d(new Float32Array(size).fill(value)));
  }

  /** Uniformly distributed, with the given standard deviation. */
  random<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R], deviation: number): tf.Variable<R> {
    return this.#add(name, randomTensor<R>(deriveSeed(this.#seed, name), shape, deviation));
  }

  #add<R extends tf.Rank>(name: string, value: tf.Tensor<R>): tf.Variable<R> {
    const variable = tf.variable(value);
    this.all.set(name, variable);
    return variable;
  }
}

/** Creates a random trainable tower, and its variables with the names of Hugging Face's CLIPVisionModel. */
export function randomTower(seed: number): { tower: VisionTower; variables: ReadonlyMap<string, tf.Variable> } {
  const list = weightList();
  const weights = declareVisionTower(SIZES, list);
  const variables = new Map<string, tf.Variable>();
  for (const weight of list.weights) {
    const name = weight.name.replace("model.vision_tower.vision_tower.", "");
    weight.set(initialValues(seed, name, weight.shape));
    variables.set(name, weight.learn());
  }
  return { tower: { config: SIZES, weights }, variables };
}

function initialValues(seed: number, name: string, shape: number[]): tf.Tensor {
  if (name.endsWith(".bias")) return tf.zeros(shape);
  if (name.includes("norm") || name.includes("layrnorm")) return tf.ones(shape);
  const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
  const deviation = /class_embedding|position_embedding/.test(name) ? 0.1 : 1 / Math.sqrt(3 * inputs);
  return randomTensor(deriveSeed(seed, name), shape, deviation);
}

function randomTensor<R extends tf.Rank>(seed: number, shape: tf.ShapeMap[R], deviation: number): tf.Tensor<R> {
  const random = seededRandom(seed);
  const width = deviation * Math.sqrt(12);
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor<R>(
    Float32Array.from({ length: size }, () => (random.next() - 0.5) * width),
    shape,
  );
}
