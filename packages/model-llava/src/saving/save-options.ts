import { checkOptions, type SaveModelOptions } from "@mlan/core";
import { z } from "zod";

export interface SaveOptions extends SaveModelOptions {
  /**
   * The layout of files, keys and tensor names: "llava" for LLaVA's code, "hf" for `LlavaForConditionalGeneration` and
   * `AutoProcessor` of transformers. Both layouts are identical for a model without a vision tower. Default "llava".
   */
  readonly layout?: "llava" | "hf";
  /**
   * The data type of the weights. The 16-bit types round to nearest even. A weight that overflows float16 is an error.
   * Default "float32".
   */
  readonly dtype?: "float32" | "bfloat16" | "float16";
  /** Maximum number of tensor bytes per weight file. Default 5e9. */
  readonly shardSize?: number;
}

/** Checks the options and fills in defaults. Throws `invalid-options`. */
export function checkSaveOptions(options: SaveOptions): Required<SaveOptions> {
  return checkOptions("model-llava: save", schema, options);
}

const schema = z
  .strictObject({
    layout: z.enum(["llava", "hf"]).default("llava"),
    dtype: z.enum(["float32", "bfloat16", "float16"]).default("float32"),
    shardSize: z
      .int("expected a whole number of bytes")
      .positive("expected a number of bytes greater than 0")
      .default(5e9),
    trainedOnly: z.boolean().default(false),
  })
  .refine(({ layout, trainedOnly }) => layout === "llava" || !trainedOnly, {
    path: ["trainedOnly"],
    error: 'the layout "hf" cannot hold trained components only; save the whole model',
  });
