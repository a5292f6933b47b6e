/** The options of a low-rank adapter (LoRA, arXiv 2106.09685) of the language model, defined as in PEFT. */
export interface AdapterOptions {
  /** Inner dimension of the two matrices: A has shape [rank, inputs], B has shape [outputs, rank]. */
  readonly rank: number;
  /** The product of B and A is multiplied by alpha / rank, or by alpha / sqrt(rank) if `rankStabilized` is true. */
  readonly alpha: number;
  /** Dropout probability of the adapter's input during training: at least 0 and less than 1. */
  readonly dropout: number;
  /**
   * The linear maps to adapt. A list contains ends of names, such as "q_proj" or "layers.0.mlp.up_proj"; a string is a
   * regular expression that must match the whole name. Default: all linear maps of the language model except its output
   * layer.
   */
  readonly targets?: readonly string[] | string;
  /** Whether B and A are scaled by alpha / sqrt(rank) (rsLoRA, arXiv 2312.03732). */
  readonly rankStabilized: boolean;
}
