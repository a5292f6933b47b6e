import { parse } from "node:path";
import { type Conversation, type Dataset, fileLocation, type Location, pathOf, toFileUrl } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  conversationsFrom,
  refuseTogether,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
} from "@mlan/data-kit";
import { z } from "zod";

/** Names of the released mixtures: language only, 87.5% language, and 50% language. */
export type MixtureName = "mlan" | "mlan-v-88l" | "mlan-v-50l";

/**
 * `folder` contains the released JSON file. `file` is any file in LLaVA's format. Default: WangResearchLab/MLAN on the
 * Hub.
 */
export interface MlanOptions extends SourceOptions {
  /** The released mixture. Default "mlan". */
  readonly mixture?: MixtureName;
  /**
   * Folder or zip archive of images that rows refer to by name. Default: the released archive, or else `images/` in the
   * folder of the rows, then that folder itself.
   */
  readonly images?: Location;
}

/**
 * Creates an instruction tuning mixture. The released mixtures have 80,000 conversations. A mixture from `file` has the
 * file's name and an unknown license.
 */
export function mlan(options: MlanOptions = {}): Dataset<Conversation> {
  const { images, mixture: wanted, ...source } = checkOptions("data-mlan", optionsSchema, options);
  refuseTogether("data-mlan", { file: source.file, mixture: wanted }, "a mixture is one of the released files");
  const mixture = wanted ?? "mlan";
  const released = RELEASED[mixture];
  return conversationsFrom({
    name: source.file ? nameOf(source.file) : mixture,
    errorPrefix: "data-mlan",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/WangResearchLab/MLAN",
      license: "CC0-1.0",
      citation:
        "MLAN: Language-Based Instruction Tuning Preserves and Transfers Knowledge in Multimodal Language Models, arXiv 2411.10557",
      modality: released.archive === undefined && !source.file ? "text" : "mixed",
    }),
    source: sourceFrom(source, PUBLISHED),
    files: [released.file, `${released.file}l`],
    images: { ...(released.archive !== undefined && { archive: released.archive }), ...(images && { at: images }) },
  });
}

/** Returns the name of a file without its extension. */
function nameOf(file: Location): string {
  return parse(pathOf(toFileUrl(file))).name;
}

const optionsSchema: z.ZodType<MlanOptions> = z.strictObject({
  ...sourceOptions,
  mixture: z.enum(["mlan", "mlan-v-88l", "mlan-v-50l"]).exactOptional(),
  images: fileLocation.exactOptional(),
});

const PUBLISHED = { errorPrefix: "data-mlan", repository: "WangResearchLab/MLAN", revision: "main" };

/** The files of each mixture. The language-only mixture has no images, and thus no archive. */
const RELEASED: Readonly<Record<MixtureName, { readonly file: string; readonly archive?: string }>> = {
  mlan: { file: "MLAN_80k.json" },
  "mlan-v-88l": { file: "MLAN_v_88l_80k.json", archive: "images_mlan_v.zip" },
  "mlan-v-50l": { file: "MLAN_v_50l_80k.json", archive: "images_mlan_v.zip" },
};
