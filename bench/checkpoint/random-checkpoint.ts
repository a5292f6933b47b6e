import { copyFile, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { type Configuration, NORM_EPSILON, ROPE_THETA } from "./configuration.ts";
import { writeRandomWeights } from "./weights.ts";

/** Positions of the longest row. */
const POSITIONS = 4096;

/**
 * Returns the folder of a checkpoint with random weights in Hugging Face layout, with the tokenizer of mini-llama2.
 * Created at first use.
 */
export async function randomCheckpoint(name: string, configuration: Configuration): Promise<string> {
  const folder = new URL(`../../.cache/bench/${name}/`, import.meta.url);
  const weights = new URL("model.safetensors", folder);
  await mkdir(folder, { recursive: true });
  const shipped = miniCheckpoint("mini-llama2");
  for (const file of ["tokenizer.json", "tokenizer_config.json"])
    await copyFile(new URL(file, shipped), new URL(file, folder));
  await writeFile(new URL("config.json", folder), JSON.stringify(llamaConfig(configuration, POSITIONS)));
  if (!(await exists(weights))) {
    const unfinished = new URL("unfinished", folder);
    await writeRandomWeights(unfinished, configuration);
    await rename(unfinished, weights);
  }
  return fileURLToPath(folder);
}

/** Returns the config.json of a Llama of these sizes. */
export function llamaConfig(configuration: Configuration, positions: number): object {
  const { hiddenSize, intermediateSize, layers, heads, vocabularySize, tiedEmbeddings } = configuration;
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabularySize,
    hidden_size: hiddenSize,
    intermediate_size: intermediateSize,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    hidden_act: "silu",
    max_position_embeddings: positions,
    rms_norm_eps: NORM_EPSILON,
    rope_theta: ROPE_THETA,
    tie_word_embeddings: tiedEmbeddings,
    use_cache: true,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: "float32",
  };
}

function exists(file: URL): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
