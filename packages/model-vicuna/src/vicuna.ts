import { MlanError, MODEL, type ModelSource, type Plugin, plugin } from "@mlan/core";
import { createLlavaSource } from "@mlan/model-llava";
import { z } from "zod";

export interface VicunaOptions {
  /**
   * The backbone's folder in Hugging Face layout: a plain Llama such as lmsys/vicuna-7b-v1.5, or a LLaVA checkpoint on it,
   * such as one that mlan saved.
   */
  readonly weights: URL;
  /**
   * The folder of a CLIP vision tower in Hugging Face layout. Default: the tower inside `weights`; a plain Llama
   * without one reads text only.
   */
  readonly visionTower?: URL;
}

const schema: z.ZodType<VicunaOptions> = z.strictObject({
  weights: z.instanceof(URL),
  visionTower: z.instanceof(URL).exactOptional(),
});

/** Vicuna, alone or as LLaVA's backbone. Throws `invalid-options`; files are read when the model is opened. */
export function vicuna(options: VicunaOptions): Plugin<ModelSource> {
  const { data, error } = schema.safeParse(options);
  if (error) throw new MlanError("invalid-options", `model-vicuna: ${z.prettifyError(error)}`, { cause: error });
  return plugin({
    name: "@mlan/model-vicuna",
    token: MODEL,
    module: import.meta.url,
    settings: { weights: data.weights.href, ...(data.visionTower && { visionTower: data.visionTower.href }) },
    create: () => createLlavaSource({ name: "vicuna", untunedFamily: "vicuna-base", ...data }),
  });
}
