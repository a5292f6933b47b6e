import { type ModelSource, type Plugin, textWording } from "@mlan/core";
import { type BackboneOptions, backbonePlugin, llama } from "@mlan/model-llava";

/** `weights` is a checkpoint such as lmsys/vicuna-7b-v1.5, or a LLaVA checkpoint with this backbone. */
export interface VicunaOptions extends BackboneOptions {}

/**
 * Creates the plugin for Vicuna, or for a LLaVA model with this backbone. Files are read when the model is opened.
 * Throws `invalid-options`.
 */
export function vicuna(options: VicunaOptions = {}): Plugin<ModelSource> {
  return backbonePlugin(
    {
      name: "vicuna",
      module: import.meta.url,
      architecture: llama,
      repository: { id: "lmsys/vicuna-7b-v1.5", revision: "3321f76e3f527bd14065daf69dad9344000a201d" },
      untunedWording: textWording("vicuna-base", "User: ", "\nAssistant: "),
    },
    options,
  );
}
