import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Configuration } from "./llama/configuration.ts";
import { writeRandomWeights } from "./llama/weights.ts";

/** The path of random weights, made on first use. */
export async function weightsFile(name: string, configuration: Configuration): Promise<string> {
  const folder = new URL("../.cache/bench/", import.meta.url);
  const file = new URL(`${name}.safetensors`, folder);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) await writeRandomWeights(file, configuration);
  return fileURLToPath(file);
}
