import { copyFile, mkdir } from "node:fs/promises";
import { writeFileAtomically } from "@mlan/core";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { llamaConfiguration, llamaShapes, type LlamaSizes } from "./random-llama.ts";

/**
 * Copies the language model of a saved checkpoint as a plain Llama with 16-bit weights, together with its tokenizer and
 * a record of its training.
 */
export async function publishLlama(saved: URL, target: URL, sizes: LlamaSizes, made: unknown): Promise<void> {
  await mkdir(target, { recursive: true });
  const reader = await openSafetensors(saved);
  const tensors = [...llamaShapes(sizes)].map(([name, shape]): TensorToWrite => ({
    name,
    shape,
    dtype: "BF16",
    data: () => reader.read(name),
  }));
  await writeSafetensors(new URL("model.safetensors", target), tensors);
  await reader.close();
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    await copyFile(new URL(name, saved), new URL(name, target));
  await write(new URL("config.json", target), llamaConfiguration(sizes, "bfloat16"));
  await write(new URL("pretraining.json", target), made);
}

function write(file: URL, value: unknown): Promise<void> {
  return writeFileAtomically(file, `${JSON.stringify(value, undefined, 1)}\n`);
}
