import { mkdir, writeFile } from "node:fs/promises";
import { type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { randomNumbers } from "./weights.ts";

/** The sizes of a CLIP tower. */
export interface TowerSize {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
}

const IMAGE = 336;
const PATCH = 14;

/** Positions of an image: 576, as in LLaVA. */
const IMAGE_POSITIONS = (IMAGE / PATCH) ** 2;

/** Returns the config.json of a tower. */
export function towerConfiguration({ hiddenSize, intermediateSize, layers, heads }: TowerSize): object {
  return {
    architectures: ["CLIPVisionModel"],
    model_type: "clip_vision_model",
    hidden_size: hiddenSize,
    intermediate_size: intermediateSize,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    image_size: IMAGE,
    patch_size: PATCH,
    num_channels: 3,
    hidden_act: "quick_gelu",
    layer_norm_eps: 1e-5,
  };
}

const NARROW: TowerSize = { hiddenSize: 64, intermediateSize: 256, layers: 3, heads: 4 };

/** Writes a random CLIP tower with narrow layers. */
export async function writeTower(folder: URL): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("config.json", folder), JSON.stringify(towerConfiguration(NARROW)));
  const random = randomNumbers(5);
  const tensors = [...towerShapes(NARROW)].map(([name, shape]): TensorToWrite => {
    const size = shape.reduce((product, length) => product * length, 1);
    const offset = /norm\d?\.weight$/.test(name) ? 1 : 0;
    const data = Float32Array.from({ length: size }, () => (random() - 0.5) * 0.2 + offset);
    return { name, dtype: "F32", shape, data: () => data };
  });
  await writeSafetensors(new URL("model.safetensors", folder), tensors);
}

/** Names as in Hugging Face's CLIPVisionModel, including its misspelling. */
export function towerShapes({
  hiddenSize,
  intermediateSize,
  layers,
}: TowerSize): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([
    ["vision_model.embeddings.class_embedding", [hiddenSize]],
    ["vision_model.embeddings.patch_embedding.weight", [hiddenSize, 3, PATCH, PATCH]],
    ["vision_model.embeddings.position_embedding.weight", [IMAGE_POSITIONS + 1, hiddenSize]],
  ]);
  const pair = (name: string, weight: readonly number[], bias: number): void => {
    shapes.set(`${name}.weight`, weight);
    shapes.set(`${name}.bias`, [bias]);
  };
  pair("vision_model.pre_layrnorm", [hiddenSize], hiddenSize);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `vision_model.encoder.layers.${layer}`;
    for (const name of ["q_proj", "k_proj", "v_proj", "out_proj"])
      pair(`${prefix}.self_attn.${name}`, [hiddenSize, hiddenSize], hiddenSize);
    for (const name of ["layer_norm1", "layer_norm2"]) pair(`${prefix}.${name}`, [hiddenSize], hiddenSize);
    pair(`${prefix}.mlp.fc1`, [intermediateSize, hiddenSize], intermediateSize);
    pair(`${prefix}.mlp.fc2`, [hiddenSize, intermediateSize], hiddenSize);
  }
  pair("vision_model.post_layernorm", [hiddenSize], hiddenSize);
  return shapes;
}
