import { mkdir, writeFile } from "node:fs/promises";
import { type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { randomNumbers } from "../checkpoint/weights.ts";

const HIDDEN = 64;
const INTERMEDIATE = 256;
const LAYERS = 3;
const IMAGE = 336;
const PATCH = 14;

/** Writes a random CLIP tower with narrow layers and as many positions as LLaVA's: 576. */
export async function writeTower(folder: URL): Promise<void> {
  await mkdir(folder, { recursive: true });
  const configuration = {
    architectures: ["CLIPVisionModel"],
    model_type: "clip_vision_model",
    hidden_size: HIDDEN,
    intermediate_size: INTERMEDIATE,
    num_hidden_layers: LAYERS,
    num_attention_heads: 4,
    image_size: IMAGE,
    patch_size: PATCH,
    num_channels: 3,
    hidden_act: "quick_gelu",
    layer_norm_eps: 1e-5,
  };
  await writeFile(new URL("config.json", folder), JSON.stringify(configuration));
  const random = randomNumbers(5);
  const tensors = [...towerShapes()].map(([name, shape]): TensorToWrite => {
    const size = shape.reduce((product, length) => product * length, 1);
    const offset = /norm\d?\.weight$/.test(name) ? 1 : 0;
    const data = Float32Array.from({ length: size }, () => (random() - 0.5) * 0.2 + offset);
    return { name, dtype: "F32", shape, data: () => data };
  });
  await writeSafetensors(new URL("model.safetensors", folder), tensors);
}

/** Names as in Hugging Face's CLIPVisionModel, including its misspelling. */
function towerShapes(): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([
    ["vision_model.embeddings.class_embedding", [HIDDEN]],
    ["vision_model.embeddings.patch_embedding.weight", [HIDDEN, 3, PATCH, PATCH]],
    ["vision_model.embeddings.position_embedding.weight", [(IMAGE / PATCH) ** 2 + 1, HIDDEN]],
  ]);
  const pair = (name: string, weight: readonly number[], bias: number): void => {
    shapes.set(`${name}.weight`, weight);
    shapes.set(`${name}.bias`, [bias]);
  };
  pair("vision_model.pre_layrnorm", [HIDDEN], HIDDEN);
  for (let layer = 0; layer < LAYERS; layer++) {
    const prefix = `vision_model.encoder.layers.${layer}`;
    for (const name of ["q_proj", "k_proj", "v_proj", "out_proj"])
      pair(`${prefix}.self_attn.${name}`, [HIDDEN, HIDDEN], HIDDEN);
    for (const name of ["layer_norm1", "layer_norm2"]) pair(`${prefix}.${name}`, [HIDDEN], HIDDEN);
    pair(`${prefix}.mlp.fc1`, [INTERMEDIATE, HIDDEN], INTERMEDIATE);
    pair(`${prefix}.mlp.fc2`, [HIDDEN, INTERMEDIATE], HIDDEN);
  }
  pair("vision_model.post_layernorm", [HIDDEN], HIDDEN);
  return shapes;
}
