import type { ConfigObject } from "../config/config-file.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Decoder } from "../network/decoder.ts";
import type { Template } from "../templates/template.ts";
import type { TokenizerKind } from "../tokenizer/tokenizer-kind.ts";
import type { WeightDeclarations } from "../weights/weight-list.ts";

/** How a `config.json` names what its folder holds. */
export interface CheckpointKind {
  /** Key `model_type`, e.g. "llama". The package lists it among its npm keywords, so that errors can name the package. */
  readonly modelType: string;
  /** Key `architectures`: the class of transformers or of LLaVA, e.g. "LlamaForCausalLM". */
  readonly className: string;
}

/** A family of language models: how their checkpoints are read and written, and what their layers compute. */
export interface Architecture {
  /** For people, e.g. "Llama". */
  readonly name: string;
  readonly plain: CheckpointKind;
  /** The same backbone under LLaVA, with projector and tower; `alias` is a `model_type` by which others name it. */
  readonly llava: CheckpointKind & { readonly alias?: string };
  /** The values of keys that the `text_config` of transformers' LLaVA may lack. Default none. */
  readonly configDefaults?: ConfigObject;
  /** Reads the sizes in a `config.json`. Throws `invalid-checkpoint` naming file and key for what is not supported. */
  config(value: ConfigObject, file: URL): LanguageConfig;
  /** Declares all weights under their names in a checkpoint; loads none. */
  decoder(config: LanguageConfig, list: WeightDeclarations): Decoder;
  readonly tokenizer: TokenizerKind;
  /** How its tuned checkpoints write conversations. Every architecture also has the template "plain". */
  readonly chatTemplate: Template;
  /** Further templates that a checkpoint or a recipe may name. Default: none. */
  readonly templates?: readonly Template[];
}
