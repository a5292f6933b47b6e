import type { Component, ConversationFormat, Parameter } from "@mlan/core";
import type { NetworkAdapter } from "../adapter/network-adapter.ts";
import type { Architecture } from "../architectures/architecture.ts";
import type { CheckpointVision } from "../checkpoint/open-checkpoint.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { WeightFormat } from "../weights/weight-format.ts";
import type { Base } from "./base-file.ts";
import type { CarriedFiles } from "./carried-files.ts";

/** Everything that is needed to write a checkpoint folder. */
export interface CheckpointContent {
  readonly architecture: Architecture;
  readonly language: LanguageConfig;
  readonly format: ConversationFormat;
  /** The fingerprint of the template that the format names, see `templateFingerprint`. */
  readonly templateFingerprint: string | undefined;
  readonly vision: CheckpointVision | undefined;
  /** All weights, under the names of LLaVA. They are read one at a time. */
  readonly weights: readonly Parameter[];
  /** The adapter, if it is separate. Its parameters are among `weights`. */
  readonly adapter?: NetworkAdapter | undefined;
  readonly tokenizer: Tokenizer;
  readonly carried: CarriedFiles;
  /** The folders that the model was opened from. */
  readonly base: Base;
  /** The components whose weights differ from those in `base`. */
  readonly changed: ReadonlySet<Component>;
  /** The weight format with which the model was opened. */
  readonly weightFormat?: WeightFormat | undefined;
}

/** The content of a folder in a particular layout. */
export interface LaidOut {
  readonly config: unknown;
  readonly weights: readonly Parameter[];
  /** Files to write besides weights and `config.json`, by name. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
}
