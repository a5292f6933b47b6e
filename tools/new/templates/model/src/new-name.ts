import { type ModelSource, type Plugin, textWording } from "@mlan/core";
import { type BackboneOptions, backbonePlugin } from "@mlan/model-llava";
import { newNameArchitecture } from "./architecture.ts";

/** `weights` is a folder such as your-name/new-name, or a LLaVA checkpoint with this backbone. */
export interface NewNameOptions extends BackboneOptions {}

/**
 * Creates the plugin for new-name, or for a LLaVA model with this backbone. Files are read when the model is opened.
 * Throws `invalid-options`.
 */
export function newName(options: NewNameOptions): Plugin<ModelSource> {
  return backbonePlugin(
    {
      name: "new-name",
      module: import.meta.url,
      architecture: newNameArchitecture,
      repository: { id: "your-name/new-name", revision: "main" },
      untunedWording: textWording("new-name-base", "", "\nAnswer: "),
    },
    options,
  );
}
