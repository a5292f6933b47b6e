import { type Conversation, type Dataset, fileLocation, type Location } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  conversationsFrom,
  imagesOf,
  llavaRecord,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
  turnsOf,
} from "@mlan/data-kit";
import { z } from "zod";

/**
 * `folder` contains `blip_laion_cc_sbu_558k.json` or `captions.json`. `file` has the same format. Default:
 * liuhaotian/LLaVA-Pretrain on the Hub.
 */
export interface CaptionsOptions extends SourceOptions {
  /**
   * Folder or zip archive of images that rows refer to by name. Default: the released archive, or else `images/` in the
   * folder of the rows, then that folder itself.
   */
  readonly images?: Location;
}

/**
 * Creates the dataset of images with captions for the alignment stage. The released set has 558,128 conversations. The
 * user's turn is an instruction, which the `plain` template discards.
 */
export function captions(options: CaptionsOptions = {}): Dataset<Conversation> {
  const { images, ...source } = checkOptions("data-captions", optionsSchema, options);
  return conversationsFrom({
    name: "captions",
    errorPrefix: "data-captions",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/liuhaotian/LLaVA-Pretrain",
      license: "see its card: terms of CC3M (images and texts) and of BLIP (captions)",
      citation: "Liu et al., Visual Instruction Tuning, NeurIPS 2023",
      modality: "image",
    }),
    source: sourceFrom(source, PUBLISHED),
    files: ["blip_laion_cc_sbu_558k.json", "captions.json", "captions.jsonl"],
    images: { archive: "images.zip", ...(images && { at: images }) },
    schema: recordSchema,
  });
}

const optionsSchema: z.ZodType<CaptionsOptions> = z.strictObject({
  ...sourceOptions,
  images: fileLocation.exactOptional(),
});

const PUBLISHED = {
  errorPrefix: "data-captions",
  repository: "liuhaotian/LLaVA-Pretrain",
  revision: "70f9d1e5e1a697fe35830875cfc7de1dd590d727",
};

/** Schema of a row for alignment: one image with one caption, as in `preprocess_plain` of the original code. */
const recordSchema = llavaRecord
  .refine((record) => imagesOf(record).length > 0, { path: ["image"], error: "expected an image" })
  .refine((record) => imagesOf(record).length < 2, { path: ["image"], error: "expected one image" })
  .refine((record) => turnsOf(record).length === 2, {
    path: ["conversations"],
    error: "expected exactly 2 turns: the instruction and its caption",
  });
