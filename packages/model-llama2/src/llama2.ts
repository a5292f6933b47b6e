import { MlanError, MODEL, type ModelSource, type Plugin, plugin } from "@mlan/core";
import { createLlavaSource } from "@mlan/model-llava";
import { z } from "zod";

export interface Llama2Options {
  /**
   * The backbone's folder in Hugging Face layout: a plain Llama such as meta-llama/Llama-2-7b-hf, or a LLaVA checkpoint on it,
   * such as one that mlan saved.
   */
  readonly weights: URL;
  /**
   * The folder of a CLIP vision tower in Hugging Face layout. Default: the tower inside `weights`; a plain Llama
   * without one reads text only.
   */
  readonly visionTower?: URL;
}

const schema: z.ZodType<Llama2Options> = z.strictObject({
  weights: z.instanceof(URL),
  visionTower: z.instanceof(URL).exactOptional(),
});

/** Llama 2, alone or as LLaVA's backbone. Throws `invalid-options`; files are read when the model is opened. */
export function llama2(options: Llama2Options): Plugin<ModelSource> {
  const { data, error } = schema.safeParse(options);
  if (error) throw new MlanError("invalid-options", `model-llama2: ${z.prettifyError(error)}`, { cause: error });
  return plugin({
    name: "@mlan/model-llama2",
    token: MODEL,
    module: import.meta.url,
    settings: { weights: data.weights.href, ...(data.visionTower && { visionTower: data.visionTower.href }) },
    create: () => createLlavaSource({ name: "llama2", untunedFamily: "llama2-base", ...data }),
  });
}
