import { type AdapterOptions, checkOptions } from "@mlan/core";
import { z } from "zod";
import { adapterSchema } from "./recipe-schema.ts";

/** A low-rank adapter, for the option `adapter` of a recipe. */
export interface LowRankAdapter extends AdapterOptions {
  /** Whether the projector is trained too. Default true. */
  readonly projector?: boolean;
}

/**
 * Returns the options of a low-rank adapter of the language model (LoRA, arXiv 2106.09685), which is trained in place
 * of the language model. The defaults are those of LLaVA's `finetune_lora.sh`: rank 128, alpha twice the rank, dropout
 * 0.05, all linear maps except the output layer, and the projector is trained too. Throws `invalid-options`.
 */
export function lora(options: Partial<LowRankAdapter> = {}): LowRankAdapter {
  const { projector, rank = 128, ...rest } = checkOptions("trainer: lora", schema, options);
  const adapter = { rank, alpha: 2 * rank, dropout: 0.05, rankStabilized: false, ...rest };
  return { ...checkOptions("trainer: lora", adapterSchema, adapter), projector };
}

/** Checks the options that have defaults here. {@link adapterSchema} checks all others. */
const schema = z.looseObject({ projector: z.boolean().default(true), rank: z.int().min(1).exactOptional() });
