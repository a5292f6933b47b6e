import { type ModelSource, type Plugin, textWording } from "@mlan/core";
import { type BackboneOptions, backbonePlugin, llama } from "@mlan/model-llava";

/** `weights` is a checkpoint such as lmsys/vicuna-7b-v1.5, or a LLaVA checkpoint based on it. */
export interface VicunaOptions extends BackboneOptions {}

/**
 * Creates the plugin for Vicuna, alone or as LLaVA's backbone. Throws `invalid-options` for invalid options. Files are
 * read only when the model is opened.
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
