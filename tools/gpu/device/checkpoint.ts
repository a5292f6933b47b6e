// A random checkpoint for the measurements: checkpoint.js <sizes as JSON> <folder>
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { seededRandom } from "@mlan/core";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { writeSafetensors } from "@mlan/safetensors";
import type { Sizes } from "./sizes.ts";

const [given = "", path = "."] = process.argv.slice(2);
const sizes: Sizes = JSON.parse(given);
const folder = pathToFileURL(`${path}/`);
await mkdir(folder, { recursive: true });
for (const file of ["tokenizer.json", "tokenizer_config.json"])
  await copyFile(new URL(file, miniCheckpoint("mini-llama2")), new URL(file, folder));
await writeFile(new URL("config.json", folder), JSON.stringify(await configuration(sizes)));

/**
 * A few random numbers that are repeated, because drawing a billion would take half a minute. Their odd count makes all
 * rows different.
 */
const random = seededRandom(1);
const noise = Float32Array.from({ length: 1_000_003 }, () => (random.next() - 0.5) * 0.05);
const tensors = [...shapesOf(sizes)].map(([name, shape], index) => ({
  name,
  shape,
  dtype: "F32" as const,
  data: () => valuesOf(shape, index),
}));
await writeSafetensors(new URL("model.safetensors", folder), tensors);

async function configuration({ hidden, intermediate, layers, heads, vocabulary }: Sizes): Promise<object> {
  const shipped: object = JSON.parse(await readFile(new URL("config.json", miniCheckpoint("mini-llama2")), "utf8"));
  return {
    ...shipped,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    vocab_size: vocabulary,
    max_position_embeddings: 4096,
    tie_word_embeddings: false,
  };
}

function shapesOf({ hidden, intermediate, layers, vocabulary }: Sizes): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([["model.embed_tokens.weight", [vocabulary, hidden]]]);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    for (const name of ["q", "k", "v", "o"]) shapes.set(`${prefix}.self_attn.${name}_proj.weight`, [hidden, hidden]);
    for (const name of ["gate", "up"]) shapes.set(`${prefix}.mlp.${name}_proj.weight`, [intermediate, hidden]);
    shapes.set(`${prefix}.mlp.down_proj.weight`, [hidden, intermediate]);
    for (const name of ["input", "post_attention"]) shapes.set(`${prefix}.${name}_layernorm.weight`, [hidden]);
  }
  return shapes.set("model.norm.weight", [hidden]).set("lm_head.weight", [vocabulary, hidden]);
}

/** Norms are 1. All other tensors are noise with different offsets. */
function valuesOf(shape: readonly number[], index: number): Float32Array {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  if (shape.length === 1) return values.fill(1);
  let from = (index * 7919) % noise.length;
  for (let start = 0; start < values.length;) {
    const part = noise.subarray(from, from + values.length - start);
    values.set(part, start);
    start += part.length;
    from = 0;
  }
  return values;
}
