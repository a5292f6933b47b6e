import { copyFile, mkdir, open, writeFile } from "node:fs/promises";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { type TowerSize, towerConfiguration, towerShapes } from "../checkpoint/tower.ts";

/** Sizes like those of TinyLlama: 1.1 billion values with 22 layers. */
export interface CheckpointSize {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly vocabularySize: number;
  /** The vision tower of a LLaVA checkpoint with a projector. Default: text only. */
  readonly tower?: TowerSize;
}

/** Half a gigabyte per shard, so that there are several. */
const SHARD_BYTES = 500e6;

/**
 * Writes a Llama or LLaVA of random bfloat16 values in shards with an index, and its tokenizer. Returns its number of
 * values.
 */
export async function writeShardedLlama(folder: URL, size: CheckpointSize): Promise<number> {
  await mkdir(folder, { recursive: true });
  const shipped = miniCheckpoint("mini-llama2");
  for (const file of ["tokenizer.json", "tokenizer_config.json"])
    await copyFile(new URL(file, shipped), new URL(file, folder));
  await writeFile(new URL("config.json", folder), JSON.stringify(configurationOf(size)));
  const shards = shardsOf([...shapesOf(size)]);
  const places: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const name = `model-${String(index + 1).padStart(5, "0")}-of-${String(shards.length).padStart(5, "0")}.safetensors`;
    await writeShard(new URL(name, folder), shard);
    for (const [tensor] of shard) places[tensor] = name;
  }
  await writeFile(
    new URL("model.safetensors.index.json", folder),
    JSON.stringify({ metadata: {}, weight_map: places }),
  );
  return shards.flat().reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
}

type Shape = readonly number[];
type Named = readonly [name: string, shape: Shape];

function shardsOf(tensors: readonly Named[]): Named[][] {
  const shards: Named[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    bytes += 2 * sizeOf(tensor[1]);
    if (bytes > SHARD_BYTES) {
      shards.push([]);
      bytes = 2 * sizeOf(tensor[1]);
    }
    shards.at(-1)?.push(tensor);
  }
  return shards;
}

function* shapesOf({
  layers,
  hiddenSize,
  intermediateSize,
  heads,
  keyValueHeads,
  vocabularySize,
  tower,
}: CheckpointSize): Generator<Named> {
  const keyWidth = (hiddenSize / heads) * keyValueHeads;
  yield ["model.embed_tokens.weight", [vocabularySize, hiddenSize]];
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    yield [`${prefix}.input_layernorm.weight`, [hiddenSize]];
    yield [`${prefix}.self_attn.q_proj.weight`, [hiddenSize, hiddenSize]];
    yield [`${prefix}.self_attn.k_proj.weight`, [keyWidth, hiddenSize]];
    yield [`${prefix}.self_attn.v_proj.weight`, [keyWidth, hiddenSize]];
    yield [`${prefix}.self_attn.o_proj.weight`, [hiddenSize, hiddenSize]];
    yield [`${prefix}.post_attention_layernorm.weight`, [hiddenSize]];
    yield [`${prefix}.mlp.gate_proj.weight`, [intermediateSize, hiddenSize]];
    yield [`${prefix}.mlp.up_proj.weight`, [intermediateSize, hiddenSize]];
    yield [`${prefix}.mlp.down_proj.weight`, [hiddenSize, intermediateSize]];
  }
  yield ["model.norm.weight", [hiddenSize]];
  yield ["lm_head.weight", [vocabularySize, hiddenSize]];
  if (!tower) return;
  for (const [name, shape] of towerShapes(tower)) yield [`model.vision_tower.vision_tower.${name}`, shape];
  yield ["model.mm_projector.0.weight", [hiddenSize, tower.hiddenSize]];
  yield ["model.mm_projector.0.bias", [hiddenSize]];
  yield ["model.mm_projector.2.weight", [hiddenSize, hiddenSize]];
  yield ["model.mm_projector.2.bias", [hiddenSize]];
}

/** Random patterns of finite bfloat16 numbers below 1, repeating after 8 MB. The values do not matter. */
const PATTERNS = Uint8Array.from({ length: 2 ** 23 }, (_, index) => {
  const mixed = Math.imul(index ^ (index >>> 7), 0x9e3779b1);
  return index % 2 === 0 ? mixed >>> 24 : 0x3c | ((mixed >>> 24) & 0x83);
});

async function writeShard(file: URL, tensors: readonly Named[]): Promise<void> {
  let offset = 0;
  const header: Record<string, object> = {};
  for (const [name, shape] of tensors) {
    const end = offset + 2 * sizeOf(shape);
    header[name] = { dtype: "BF16", shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header).padEnd(8 * Math.ceil(JSON.stringify(header).length / 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const handle = await open(file, "w");
  await handle.write(Buffer.concat([length, json]));
  for (let left = offset; left > 0; left -= PATTERNS.length)
    await handle.write(PATTERNS.subarray(0, Math.min(left, PATTERNS.length)));
  await handle.close();
}

function configurationOf(size: CheckpointSize): object {
  return {
    ...(size.tower ? llavaKeys(size.tower) : { architectures: ["LlamaForCausalLM"], model_type: "llama" }),
    vocab_size: size.vocabularySize,
    hidden_size: size.hiddenSize,
    intermediate_size: size.intermediateSize,
    num_hidden_layers: size.layers,
    num_attention_heads: size.heads,
    num_key_value_heads: size.keyValueHeads,
    hidden_act: "silu",
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    torch_dtype: "bfloat16",
    tie_word_embeddings: false,
  };
}

/**
 * Returns the keys of LLaVA for a tower inside the checkpoint, and the tower's sizes, which LLaVA's own code does not
 * save.
 */
function llavaKeys(tower: TowerSize): object {
  return {
    architectures: ["LlavaLlamaForCausalLM"],
    model_type: "llava_llama",
    mm_vision_tower: "openai/clip-vit-large-patch14-336",
    unfreeze_mm_vision_tower: true,
    mm_projector_type: "mlp2x_gelu",
    mm_hidden_size: tower.hiddenSize,
    mm_vision_select_layer: -2,
    mm_vision_select_feature: "patch",
    use_mm_proj: true,
    vision_config: towerConfiguration(tower),
  };
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}
