import { mkdir } from "node:fs/promises";
import { seededRandom, writeFileAtomically } from "@mlan/core";
import { type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { tinyTokenizer, tinyTokenizerConfiguration } from "./tiny-tokenizer.ts";

export interface TinyCheckpointOptions {
  /** Seed of the random weights. Default 0. */
  readonly seed?: number;
  /** The dtype of the stored weights. Default "F32". */
  readonly dtype?: "F32" | "BF16";
  /** Number of files for the backbone's weights. Default 1. */
  readonly shards?: number;
}

/** The folders of the parts. Both URLs end in a slash. */
export interface TinyCheckpoint {
  readonly backbone: URL;
  readonly tower: URL;
}

const LLAMA = { hidden: 16, intermediate: 24, layers: 2, heads: 4, keyValueHeads: 2 };
const CLIP = { hidden: 8, intermediate: 12, layers: 3, heads: 2, imageSize: 8, patchSize: 4 };

/**
 * Writes a random Llama with about 20,000 parameters and a random CLIP vision tower in the layout of the Hugging Face
 * Hub: `backbone/` and `tower/` in `folder`.
 */
export async function writeTinyLlava(folder: URL, options: TinyCheckpointOptions = {}): Promise<TinyCheckpoint> {
  const backbone = new URL("backbone/", folder);
  const tower = new URL("tower/", folder);
  await Promise.all([backbone, tower].map((url) => mkdir(url, { recursive: true })));
  const tokenizer = tinyTokenizer();
  const vocabulary = Object.keys(tokenizer.model.vocab).length;
  await writeJson(new URL("tokenizer.json", backbone), tokenizer);
  await writeJson(new URL("tokenizer_config.json", backbone), tinyTokenizerConfiguration());
  await writeJson(new URL("config.json", backbone), llamaConfiguration(vocabulary));
  await writeShards(backbone, llamaTensors(vocabulary, options), options.shards ?? 1);
  await writeJson(new URL("config.json", tower), clipConfiguration());
  await writeJson(new URL("preprocessor_config.json", tower), PREPROCESSOR);
  await writeSafetensors(new URL("model.safetensors", tower), clipTensors(options));
  return { backbone, tower };
}

function llamaConfiguration(vocabulary: number): unknown {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabulary,
    hidden_size: LLAMA.hidden,
    intermediate_size: LLAMA.intermediate,
    num_hidden_layers: LLAMA.layers,
    num_attention_heads: LLAMA.heads,
    num_key_value_heads: LLAMA.keyValueHeads,
    hidden_act: "silu",
    max_position_embeddings: 512,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: false,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: "float32",
  };
}

function clipConfiguration(): unknown {
  return {
    architectures: ["CLIPVisionModel"],
    model_type: "clip_vision_model",
    hidden_size: CLIP.hidden,
    intermediate_size: CLIP.intermediate,
    num_hidden_layers: CLIP.layers,
    num_attention_heads: CLIP.heads,
    image_size: CLIP.imageSize,
    patch_size: CLIP.patchSize,
    num_channels: 3,
    hidden_act: "quick_gelu",
    layer_norm_eps: 1e-5,
  };
}

const PREPROCESSOR = {
  crop_size: { height: CLIP.imageSize, width: CLIP.imageSize },
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
  resample: 3,
  rescale_factor: 1 / 255,
  size: { shortest_edge: CLIP.imageSize },
};

function llamaTensors(vocabulary: number, options: TinyCheckpointOptions): readonly TensorToWrite[] {
  const { hidden, intermediate, layers, heads, keyValueHeads } = LLAMA;
  const keyValue = (hidden / heads) * keyValueHeads;
  const shapes: Record<string, readonly number[]> = { "model.embed_tokens.weight": [vocabulary, hidden] };
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    shapes[`${prefix}.input_layernorm.weight`] = [hidden];
    shapes[`${prefix}.self_attn.q_proj.weight`] = [hidden, hidden];
    shapes[`${prefix}.self_attn.k_proj.weight`] = [keyValue, hidden];
    shapes[`${prefix}.self_attn.v_proj.weight`] = [keyValue, hidden];
    shapes[`${prefix}.self_attn.o_proj.weight`] = [hidden, hidden];
    shapes[`${prefix}.post_attention_layernorm.weight`] = [hidden];
    shapes[`${prefix}.mlp.gate_proj.weight`] = [intermediate, hidden];
    shapes[`${prefix}.mlp.up_proj.weight`] = [intermediate, hidden];
    shapes[`${prefix}.mlp.down_proj.weight`] = [hidden, intermediate];
  }
  shapes["model.norm.weight"] = [hidden];
  shapes["lm_head.weight"] = [vocabulary, hidden];
  return randomTensors(shapes, options);
}

function clipTensors(options: TinyCheckpointOptions): readonly TensorToWrite[] {
  const { hidden, intermediate, layers, imageSize, patchSize } = CLIP;
  const shapes: Record<string, readonly number[]> = {
    "vision_model.embeddings.class_embedding": [hidden],
    "vision_model.embeddings.patch_embedding.weight": [hidden, 3, patchSize, patchSize],
    "vision_model.embeddings.position_embedding.weight": [(imageSize / patchSize) ** 2 + 1, hidden],
  };
  const pair = (name: string, weight: readonly number[], bias: number): void => {
    shapes[`${name}.weight`] = weight;
    shapes[`${name}.bias`] = [bias];
  };
  pair("vision_model.pre_layrnorm", [hidden], hidden);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `vision_model.encoder.layers.${layer}`;
    for (const part of ["q_proj", "k_proj", "v_proj", "out_proj"])
      pair(`${prefix}.self_attn.${part}`, [hidden, hidden], hidden);
    pair(`${prefix}.layer_norm1`, [hidden], hidden);
    pair(`${prefix}.layer_norm2`, [hidden], hidden);
    pair(`${prefix}.mlp.fc1`, [intermediate, hidden], intermediate);
    pair(`${prefix}.mlp.fc2`, [hidden, intermediate], hidden);
  }
  pair("vision_model.post_layernorm", [hidden], hidden);
  return randomTensors(shapes, options);
}

/** Draws random tensors: norm weights near one, all others near zero. */
function randomTensors(
  shapes: Readonly<Record<string, readonly number[]>>,
  { seed = 0, dtype = "F32" }: TinyCheckpointOptions,
): readonly TensorToWrite[] {
  const random = seededRandom(seed);
  return Object.entries(shapes).map(([name, shape]) => {
    const center = /norm\d?\.weight$/.test(name) ? 1 : 0;
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, () => center + (random.next() - 0.5) * 0.4);
    return { name, shape, dtype, data: () => values };
  });
}

async function writeShards(folder: URL, tensors: readonly TensorToWrite[], shards: number): Promise<void> {
  if (shards === 1) {
    await writeSafetensors(new URL("model.safetensors", folder), tensors);
    return;
  }
  const weights: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const file = `model-${number(shard + 1)}-of-${number(shards)}.safetensors`;
    const part = tensors.filter((_, index) => index % shards === shard);
    for (const { name } of part) weights[name] = file;
    await writeSafetensors(new URL(file, folder), part);
  }
  await writeJson(new URL("model.safetensors.index.json", folder), { metadata: {}, weight_map: weights });
}

function number(value: number): string {
  return String(value).padStart(5, "0");
}

function writeJson(file: URL, value: unknown): Promise<void> {
  return writeFileAtomically(file, JSON.stringify(value, null, 2));
}
