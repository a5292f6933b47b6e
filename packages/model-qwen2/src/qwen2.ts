import { type ModelSource, type Plugin, textWording } from "@mlan/core";
import { type BackboneOptions, backbonePlugin } from "@mlan/model-llava";
import { qwen2Architecture } from "./architecture.ts";

/** `weights` is a checkpoint such as Qwen/Qwen2.5-7B, or a LLaVA checkpoint with this backbone. */
export interface Qwen2Options extends BackboneOptions {}

/**
 * Creates the plugin for Qwen2 or Qwen2.5, or for a LLaVA model with this backbone. Files are read when the model is
 * opened. Throws `invalid-options`.
 */
export function qwen2(options: Qwen2Options = {}): Plugin<ModelSource> {
  return backbonePlugin(
    {
      name: "qwen2",
      module: import.meta.url,
      architecture: qwen2Architecture,
      repository: { id: "Qwen/Qwen2.5-7B", revision: "d149729398750b98c0af14eb82c78cfe92750796" },
      untunedWording: textWording("qwen2-base", "", "\nAnswer: "),
    },
    options,
  );
}
