import { type ModelSource, type Plugin, textWording } from "@mlan/core";
import { type BackboneOptions, backbonePlugin, llama } from "@mlan/model-llava";

/** `weights` is a checkpoint such as meta-llama/Llama-2-7b-hf, or a LLaVA checkpoint with this backbone. */
export interface Llama2Options extends BackboneOptions {}

/**
 * Creates the plugin for Llama 2, or for a LLaVA model with this backbone. Files are read when the model is opened.
 * Throws `invalid-options`.
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
