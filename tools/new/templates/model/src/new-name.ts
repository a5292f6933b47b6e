import { type ModelSource, type Plugin, textWording } from "@mlan/core";
import { type BackboneOptions, backbonePlugin } from "@mlan/model-llava";
import { newNameArchitecture } from "./architecture.ts";

/** `weights` is a folder such as your-name/new-name, or a LLaVA checkpoint based on it. */
export interface NewNameOptions extends BackboneOptions {}

/** The backbone new-name, alone or as LLaVA's. Throws `invalid-options`; files are read when the model is opened. */
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
