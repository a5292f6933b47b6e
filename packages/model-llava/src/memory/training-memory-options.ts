import { type AdapterOptions, checkOptions, type Component } from "@mlan/core";
import type { MomentPrecision } from "@mlan/fused-ops";
import { z } from "zod";
import type { Architecture } from "../architectures/architecture.ts";
import { llama } from "../architectures/llama.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import type { Weight } from "../weights/weight.ts";
import { type WeightFormat, weightFormat } from "../weights/weight-format.ts";
import type { TrainingPrecision } from "./layout.ts";

export interface TrainingMemoryOptions {
  /** Default: Llama. */
  readonly architecture?: Architecture;
  readonly language: LanguageConfig;
  /** Sizes of the vision tower. Default: the model reads text only. */
  readonly vision?: VisionConfig;
  /** The trained components: "language" or "adapter", "projector", or both. The tower is frozen. */
  readonly trained: readonly Component[];
  /** A low-rank adapter of the language model. Default: none. */
  readonly adapter?: AdapterOptions;
  /** Weight format of a frozen language model, see `BackboneOptions.weightFormat`. Default "float32". */
  readonly weightFormat?: WeightFormat;
  /** Returns whether a weight has 16 bits per value in its file, as "stored" needs. Default: every weight has. */
  readonly hasHalf?: (weight: Weight) => boolean;
  /** Rows per micro-batch. */
  readonly rows: number;
  /** Positions of the longest row, including image positions. All rows are padded to this length. */
  readonly length: number;
  /** Distinct images per micro-batch. Default 0. */
  readonly images?: number;
  /** Supervised positions per micro-batch. Default: all positions except image positions. */
  readonly supervised?: number;
  /** Precision of the forward and backward pass. Default "float32". */
  readonly precision?: TrainingPrecision;
  /** Whether the backward pass recomputes activations. Default false. */
  readonly gradientCheckpointing?: boolean;
  /** Micro-batches per optimizer step, with accumulated gradients. Default 1. */
  readonly microBatches?: number;
  /** Whether the backend has a fused in-place AdamW, as `tensorflow` and `onnx` have. Default true. */
  readonly fusedOptimizer?: boolean;
  /**
   * Whether the backend keeps memory for the gradients of all trained parameters from step to step, as `onnx` does.
   * Default false.
   */
  readonly keepsGradients?: boolean;
  /** Precision of AdamW's two moments. Default "float32". */
  readonly momentPrecision?: MomentPrecision;
}

export type CompleteMemoryOptions = Required<Omit<TrainingMemoryOptions, "vision" | "adapter">> &
  Pick<TrainingMemoryOptions, "vision" | "adapter">;

const count = z.int().min(1);
const objectOf = <Value>(what: string): z.ZodType<Value> =>
  z.custom<Value>((value) => typeof value === "object" && value !== null, `expected ${what}`);

const schema = z
  .strictObject({
    architecture: objectOf<Architecture>("an architecture, such as `llama`").default(llama),
    language: objectOf<LanguageConfig>("the result of languageConfig()"),
    vision: objectOf<VisionConfig>("the result of visionConfig()").exactOptional(),
    trained: z
      .array(
        z.enum(["language", "projector", "adapter"], {
          error: 'only "language", "projector" and "adapter" learn; the vision tower is frozen in both recipes',
        }),
      )
      .min(1, "at least one component has to learn"),
    adapter: objectOf<AdapterOptions>("an adapter, as lora() returns it").exactOptional(),
    weightFormat: weightFormat.default("float32"),
    hasHalf: z.custom<(weight: Weight) => boolean>((value) => typeof value === "function").default(() => () => true),
    rows: count,
    length: count,
    images: z.int().min(0).default(0),
    supervised: count.exactOptional(),
    precision: z.enum(["float32", "bfloat16"]).default("float32"),
    gradientCheckpointing: z.boolean().default(false),
    microBatches: count.default(1),
    fusedOptimizer: z.boolean().default(true),
    keepsGradients: z.boolean().default(false),
    momentPrecision: z.enum(["float32", "bfloat16", "int8"]).default("float32"),
  })
  .refine(({ adapter, trained }) => adapter !== undefined || !trained.includes("adapter"), {
    path: ["adapter"],
    error: "an adapter learns; give its rank and targets",
  })
  .refine(({ vision, images }) => vision !== undefined || images === 0, {
    path: ["images"],
    error: "images need `vision`, the sizes of a vision tower",
  })
  .refine(({ vision, trained }) => vision !== undefined || !trained.includes("projector"), {
    path: ["trained"],
    error: "a projector needs `vision`, the sizes of a vision tower",
  })
  .refine(({ rows, length, images, vision }) => !vision || images * patchesPerImage(vision) < rows * length, {
    path: ["images"],
    error: "the positions of images leave none for text; raise `length` or `rows`",
  })
  .refine(({ rows, length, supervised }) => supervised === undefined || supervised <= rows * length, {
    path: ["supervised"],
    error: "supervised positions are more than the micro-batch has",
  });

/**
 * Checks the options and fills in defaults. Throws `invalid-options` with each option that is unknown, missing or out
 * of range.
 */
export function completeMemoryOptions(options: TrainingMemoryOptions): CompleteMemoryOptions {
  const data = checkOptions("model-llava: memory cannot be predicted", schema, options);
  const { rows, length, images, vision } = data;
  const text = rows * length - (vision ? images * patchesPerImage(vision) : 0);
  return { ...data, supervised: data.supervised ?? text };
}
