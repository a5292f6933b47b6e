import { checkOptions, type SaveModelOptions } from "@mlan/core";
import { z } from "zod";

export interface SaveOptions extends SaveModelOptions {
  /**
   * Names of files, keys and tensors: `llava` as in the code of LLaVA, or `hf` for `LlavaForConditionalGeneration` and
   * `AutoProcessor` of transformers. A model that reads text only is the same in both. Default: "llava".
   */
  readonly layout?: "llava" | "hf";
  /**
   * How weights are stored. 16 bits halve the size and round to nearest even; a weight that float16 cannot hold is
   * refused by its name. Default: "float32".
   */
  readonly dtype?: "float32" | "bfloat16" | "float16";
  /** Bytes of tensors per weight file, at most. Default: 5e9. */
  readonly shardSize?: number;
}

/** Throws `invalid-options` that names the option. */
export function checkSaveOptions(options: SaveOptions): Required<SaveOptions> {
  return checkOptions("model-llava: save", schema, options);
}

const schema = z
  .strictObject({
    layout: z.enum(["llava", "hf"]).default("llava"),
    dtype: z.enum(["float32", "bfloat16", "float16"]).default("float32"),
    shardSize: z.int("expected a whole number of bytes").positive("expected a number of bytes above 0").default(5e9),
    trainedOnly: z.boolean().default(false),
  })
  .refine(({ layout, trainedOnly }) => layout === "llava" || !trainedOnly, {
    path: ["trainedOnly"],
    error: 'the layout "hf" has no folders of what was trained only; save the whole model',
  });
