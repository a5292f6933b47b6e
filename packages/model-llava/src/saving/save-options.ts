import { checkOptions, type SaveModelOptions } from "@mlan/core";
import { z } from "zod";

export interface SaveOptions extends SaveModelOptions {
  /**
   * The names of files, keys and tensors: "llava" for those of LLaVA's code, or "hf" for those of
   * `LlavaForConditionalGeneration` and `AutoProcessor` of transformers. A model that reads text only is the same in
   * both. Default "llava".
   */
  readonly layout?: "llava" | "hf";
  /**
   * The type in which weights are stored. The 16-bit types halve the size and round to nearest even. A weight too large
   * for float16 is an error that names it. Default "float32".
   */
  readonly dtype?: "float32" | "bfloat16" | "float16";
  /** Maximum number of bytes of tensors per weight file. Default 5e9. */
  readonly shardSize?: number;
}

/** Checks the options and fills in defaults. Throws `invalid-options`, naming the option. */
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
