import type { ConfigObject } from "../config/config-file.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Decoder } from "../network/decoder.ts";
import type { Template } from "../templates/template.ts";
import type { TokenizerKind } from "../tokenizer/tokenizer-kind.ts";
import type { WeightDeclarations } from "../weights/weight-list.ts";

/** How a `config.json` identifies a kind of checkpoint. */
export interface CheckpointKind {
  /** Key `model_type`, e.g. "llama". The package lists it among its npm keywords, so that errors can name the package. */
  readonly modelType: string;
  /** Key `architectures`: the class of transformers or of LLaVA, e.g. "LlamaForCausalLM". */
  readonly className: string;
}

/** A family of language models: how their checkpoints are read and written, and what their layers compute. */
export interface Architecture {
  /** A name for messages, e.g. "Llama". */
  readonly name: string;
  readonly plain: CheckpointKind;
  /**
   * The LLaVA model based on this backbone, with projector and tower. `alias` is a `model_type` that other software
   * uses for it.
   */
  readonly llava: CheckpointKind & { readonly alias?: string };
  /** Values for keys that may be missing from the `text_config` of transformers' LLaVA. Default: none. */
  readonly configDefaults?: ConfigObject;
  /**
   * Reads the sizes from a `config.json`. Throws `invalid-checkpoint`, naming file and key, for an unsupported value.
   */
  config(value: ConfigObject, file: URL): LanguageConfig;
  /** Declares all weights under their names in a checkpoint, without loading them. */
  decoder(config: LanguageConfig, list: WeightDeclarations): Decoder;
  readonly tokenizer: TokenizerKind;
  /**
   * The template in which the architecture's tuned checkpoints write conversations. Every architecture also has the
   * template "plain".
   */
  readonly chatTemplate: Template;
  /** Further templates that a checkpoint or recipe may name. Default: none. */
  readonly templates?: readonly Template[];
}
