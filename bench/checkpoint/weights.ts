import { writeSafetensors, type TensorToWrite } from "@mlan/safetensors";
import type { Configuration } from "./configuration.ts";

/** Names as in Hugging Face's LlamaForCausalLM. Matrices are [out, in]. */
function weightShapes(configuration: Configuration): ReadonlyMap<string, readonly number[]> {
  const { hiddenSize: hidden, intermediateSize: inner, layers, vocabularySize, tiedEmbeddings } = configuration;
  const shapes = new Map<string, readonly number[]>([["model.embed_tokens.weight", [vocabularySize, hidden]]]);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    for (const name of ["q_proj", "k_proj", "v_proj", "o_proj"])
      shapes.set(`${prefix}.self_attn.${name}.weight`, [hidden, hidden]);
    for (const name of ["gate_proj", "up_proj"]) shapes.set(`${prefix}.mlp.${name}.weight`, [inner, hidden]);
    shapes.set(`${prefix}.mlp.down_proj.weight`, [hidden, inner]);
    for (const name of ["input_layernorm", "post_attention_layernorm"])
      shapes.set(`${prefix}.${name}.weight`, [hidden]);
  }
  shapes.set("model.norm.weight", [hidden]);
  if (!tiedEmbeddings) shapes.set("lm_head.weight", [vocabularySize, hidden]);
  return shapes;
}

const END_OF_SEQUENCE = 2;

/**
 * Writes random weights, the same every time: matrices from a uniform distribution, norms near 1, and zeros for the
 * end-of-sequence token, so that no answer ends by chance.
 */
export async function writeRandomWeights(file: URL, configuration: Configuration): Promise<void> {
  const random = randomNumbers(1);
  const tensors = [...weightShapes(configuration)].map(([name, shape]): TensorToWrite => {
    const [, width = 1] = shape;
    const size = shape.reduce((product, length) => product * length, 1);
    const [scale, offset] = shape.length === 1 ? [0.1, 1] : [0.05, 0];
    const data = Float32Array.from({ length: size }, () => (random() - 0.5) * scale + offset);
    if (/embed_tokens|lm_head/.test(name)) data.fill(0, END_OF_SEQUENCE * width, (END_OF_SEQUENCE + 1) * width);
    return { name, dtype: "F32", shape, data: () => data };
  });
  await writeSafetensors(file, tensors);
}

/** Returns numbers in [0, 1) (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
