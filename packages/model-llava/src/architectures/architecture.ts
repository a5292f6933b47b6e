import type { ConfigObject } from "../config/config-file.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Decoder } from "../network/decoder.ts";
import type { Template } from "../templates/template.ts";
import type { TokenizerKind } from "../tokenizer/tokenizer-kind.ts";
import type { WeightDeclarations } from "../weights/weight-list.ts";

/** The keys of `config.json` that identify a kind of checkpoint. */
export interface CheckpointKind {
  /**
   * Key `model_type`, e.g. "llama". A backbone package also has it as an npm keyword, so that errors can name the
   * package.
   */
  readonly modelType: string;
  /** Key `architectures`: the class of transformers or of LLaVA, e.g. "LlamaForCausalLM". */
  readonly className: string;
}

/** A family of language models: the layout of its checkpoints and the computation of its layers. */
export interface Architecture {
  /** Name in messages, e.g. "Llama". */
  readonly name: string;
  readonly plain: CheckpointKind;
  /** The LLaVA model with this backbone. `alias` is a `model_type` that other software uses for the same model. */
  readonly llava: CheckpointKind & { readonly alias?: string };
  /** Values for keys that may be missing from the `text_config` of transformers' LLaVA. Default: none. */
  readonly configDefaults?: ConfigObject;
  /** Reads the sizes from a `config.json`. Throws `invalid-checkpoint` with file and key for an unsupported value. */
  config(value: ConfigObject, file: URL): LanguageConfig;
  /** Declares all weights by their names in a checkpoint, without loading them. */
  decoder(config: LanguageConfig, list: WeightDeclarations): Decoder;
  readonly tokenizer: TokenizerKind;
  /** The template for conversations of the family's tuned checkpoints. The template "plain" is always available too. */
  readonly chatTemplate: Template;
  /** Further templates that a checkpoint or recipe may choose. Default: none. */
  readonly templates?: readonly Template[];
}
