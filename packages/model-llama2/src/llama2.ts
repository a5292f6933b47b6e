import { type ModelSource, type Plugin, textWording } from "@mlan/core";
import { type BackboneOptions, backbonePlugin, llama } from "@mlan/model-llava";

/** `weights` is a checkpoint such as meta-llama/Llama-2-7b-hf, or a LLaVA checkpoint based on it. */
export interface Llama2Options extends BackboneOptions {}

/**
 * Creates the plugin for Llama 2, alone or as LLaVA's backbone. Throws `invalid-options` for invalid options. Files are
 * read only when the model is opened.
 */
export function llama2(options: Llama2Options = {}): Plugin<ModelSource> {
  return backbonePlugin(
    {
      name: "llama2",
      module: import.meta.url,
      architecture: llama,
      repository: { id: "meta-llama/Llama-2-7b-hf", revision: "01c7f73d771dfac7d292323805ebc428287df4f9" },
      untunedWording: textWording("llama2-base", "", "\nAnswer: "),
    },
    options,
  );
}
