import { deriveSeed, seededRandom, writeFileAtomically } from "@mlan/core";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { startAttention, startEmbeddings } from "./attention-start.ts";
import { gaussian } from "./gaussian.ts";

/** The sizes of a mini backbone. */
export interface LlamaSizes {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
}

/** Returns the `config.json` of a plain Llama. */
export function llamaConfiguration(
  { vocabulary, hidden, intermediate, layers, heads }: LlamaSizes,
  dtype: string,
): unknown {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    hidden_act: "silu",
    max_position_embeddings: 512,
    initializer_range: 0.02,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: false,
    use_cache: true,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: dtype,
  };
}

/** Returns the shape of every tensor of a Llama, by its name in the checkpoint. */
export function llamaShapes({
  vocabulary,
  hidden,
  intermediate,
  layers,
}: LlamaSizes): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([["model.embed_tokens.weight", [vocabulary, hidden]]]);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    shapes.set(`${prefix}.input_layernorm.weight`, [hidden]);
    for (const part of ["q", "k", "v", "o"]) shapes.set(`${prefix}.self_attn.${part}_proj.weight`, [hidden, hidden]);
    shapes.set(`${prefix}.post_attention_layernorm.weight`, [hidden]);
    shapes.set(`${prefix}.mlp.gate_proj.weight`, [intermediate, hidden]);
    shapes.set(`${prefix}.mlp.up_proj.weight`, [intermediate, hidden]);
    shapes.set(`${prefix}.mlp.down_proj.weight`, [hidden, intermediate]);
  }
  return shapes.set("model.norm.weight", [hidden]).set("lm_head.weight", [vocabulary, hidden]);
}

/**
 * Writes an untrained Llama. Norm weights are 1. The standard deviation is 0.02 for tables, 1/sqrt(inputs) for
 * matrices, and a fifth of that for matrices that add to the residual stream. attention-start.ts defines attention and
 * embeddings. Tensors that the checkpoint `smaller`, with fewer layers, contains are copied from it.
 */
export async function writeRandomLlama(folder: URL, { pieces, sizes, seed, smaller }: LlamaStart): Promise<void> {
  const reader = smaller && (await openSafetensors(smaller));
  const tensors = [...llamaShapes(sizes)].map(([name, shape]): TensorToWrite => ({
    name,
    shape,
    dtype: "F32",
    data: () => (reader?.entries.has(name) ? reader.read(name) : draw(name, shape, { pieces, sizes, seed })),
  }));
  await writeFileAtomically(new URL("config.json", folder), JSON.stringify(llamaConfiguration(sizes, "float32")));
  await writeSafetensors(new URL("model.safetensors", folder), tensors);
  await reader?.close();
}

interface LlamaStart {
  /** The tokenizer's pieces by id. */
  readonly pieces: readonly string[];
  readonly sizes: LlamaSizes;
  readonly seed: number;
  /** The folder of a checkpoint of the same width. */
  readonly smaller?: URL | undefined;
}

function draw(name: string, shape: readonly number[], { pieces, sizes, seed }: LlamaStart): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  if (name.endsWith("norm.weight")) return new Float32Array(size).fill(1);
  const random = seededRandom(deriveSeed(seed, name));
  const deviation = deviationOf(name, shape);
  const weights = Float32Array.from({ length: size }, () => deviation * gaussian(random));
  if (name === "model.embed_tokens.weight") startEmbeddings(weights, pieces, sizes, seed);
  else startAttention(name, weights, sizes, seed);
  return weights;
}

function deviationOf(name: string, [, inputs = 1]: readonly number[]): number {
  if (/embed_tokens|lm_head/.test(name)) return 0.02;
  return (/o_proj|down_proj/.test(name) ? 0.2 : 1) / Math.sqrt(inputs);
}
