import type { ModelSource, Plugin } from "@mlan/core";
import { type BackboneOptions, backbonePlugin } from "@mlan/model-llava";

/** `weights` is a folder such as lmsys/vicuna-7b-v1.5, or a LLaVA checkpoint on it. */
export interface VicunaOptions extends BackboneOptions {}

/** Vicuna, alone or as LLaVA's backbone. Throws `invalid-options`; files are read when the model is opened. */
export function vicuna(options: VicunaOptions): Plugin<ModelSource> {
  return backbonePlugin({ name: "vicuna", module: import.meta.url, untunedFamily: "vicuna-base" }, options);
}
