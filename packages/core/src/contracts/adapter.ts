/** The options of a low-rank adapter (LoRA, arXiv 2106.09685) of the language model, defined as in PEFT. */
export interface AdapterOptions {
  /** Number of rows of A, and of columns of B. */
  readonly rank: number;
  /** Numerator of the factor by which the product of B and A is multiplied: alpha / rank, or alpha / sqrt(rank). */
  readonly alpha: number;
  /**
   * Probability with which each value of the adapter's input is dropped during training: at least 0 and less than 1.
   */
  readonly dropout: number;
  /**
   * The linear maps that are adapted: the ends of their names, such as "q_proj" or "layers.0.mlp.up_proj", or one regular
   * expression that matches the whole name. Default: all linear maps of the language model except its output layer.
   */
  readonly targets?: readonly string[] | string;
  /** Whether the factor is alpha / sqrt(rank) (rsLoRA, arXiv 2312.03732). */
  readonly rankStabilized: boolean;
}
