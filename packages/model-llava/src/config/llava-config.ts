import { z } from "zod";
import { checkConfig, type ConfigObject } from "./config-file.ts";

/** The keys of a LLaVA `config.json` for images. */
export interface LlavaConfig {
  /** Name of the tower that LLaVA's code loads, e.g. `openai/clip-vit-large-patch14-336`. */
  readonly towerName: string;
  /** Index of the tower's hidden state that the model uses; -2 is the output of the second to last layer. */
  readonly selectLayer: number;
  /** Whether the tower was trained too. The checkpoint then contains its weights. Default false. */
  readonly tunedTower?: boolean;
}

/** Reads the `mm_*` keys. Throws `invalid-checkpoint` for a variant of LLaVA that MLAN does not use. */
export function llavaConfig(value: ConfigObject, file: URL): LlavaConfig {
  const config = checkConfig(schema, value, file);
  return {
    towerName: config.mm_vision_tower,
    selectLayer: config.mm_vision_select_layer,
    ...(config.unfreeze_mm_vision_tower && { tunedTower: true }),
  };
}

/** Returns the `mm_*` keys that LLaVA's code writes. */
export function llavaConfigKeys({ towerName, selectLayer }: LlavaConfig, visionSize: number): ConfigObject {
  return {
    mm_vision_tower: towerName,
    use_mm_proj: true,
    mm_projector_type: "mlp2x_gelu",
    mm_hidden_size: visionSize,
    mm_vision_select_layer: selectLayer,
    mm_vision_select_feature: "patch",
    mm_patch_merge_type: "flat",
    mm_use_im_start_end: false,
    // Without this key, LLaVA's loader adds a token.
    mm_use_im_patch_token: false,
    mm_projector_lr: null,
  };
}

const schema = z.object({
  mm_vision_tower: z.string(),
  mm_projector_type: z.literal("mlp2x_gelu", { error: "only mlp2x_gelu is supported" }),
  mm_vision_select_layer: z.int().negative(),
  mm_vision_select_feature: z.literal("patch", { error: "only patch is supported" }).default("patch"),
  mm_patch_merge_type: z.literal("flat", { error: "only flat is supported" }).default("flat"),
  unfreeze_mm_vision_tower: z.boolean().default(false),
  mm_use_im_start_end: z.literal(false, { error: "image start and end tokens are not supported" }).default(false),
});
