/** A low-rank adapter (LoRA, arXiv 2106.09685) of the language model, as PEFT counts. */
export interface AdapterOptions {
  /** Rows of A and columns of B. */
  readonly rank: number;
  /** The product of B and A is multiplied by alpha / rank, or by alpha / sqrt(rank). */
  readonly alpha: number;
  /** Share of the adapter's input that is dropped during training, at least 0 and less than 1. */
  readonly dropout: number;
  /**
   * The linear maps that are adapted: the ends of their names, such as "q_proj" or "layers.0.mlp.up_proj", or one regular
   * expression that matches the whole name. Default: all linear maps of the language model except its output layer.
   */
  readonly targets?: readonly string[] | string;
  /** Whether the factor is alpha / sqrt(rank) (rsLoRA, arXiv 2312.03732). */
  readonly rankStabilized: boolean;
}
