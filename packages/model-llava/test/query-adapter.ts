import { mkdir, writeFile } from "node:fs/promises";
import { type TensorToWrite, writeSafetensors } from "@mlan/safetensors";

/** Writes a low-rank adapter for the queries of the tiny Llama's first layer. Returns its folder. */
export async function writeQueryAdapter(folder: URL): Promise<URL> {
  await mkdir(folder);
  const config = { peft_type: "LORA", r: 2, lora_alpha: 4, target_modules: ["q_proj"], base_model_name_or_path: "x" };
  await writeFile(new URL("adapter_config.json", folder), JSON.stringify(config));
  const low = (side: "A" | "B", shape: readonly number[]): TensorToWrite => ({
    name: `base_model.model.model.layers.0.self_attn.q_proj.lora_${side}.weight`,
    shape,
    dtype: "F32",
    data: () => Float32Array.from({ length: 32 }, (_, index) => Math.sin(index + shape.length)),
  });
  await writeSafetensors(new URL("adapter_model.safetensors", folder), [low("A", [2, 16]), low("B", [16, 2])]);
  return folder;
}
