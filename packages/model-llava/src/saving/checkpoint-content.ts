import type { Component, ConversationFormat, Parameter } from "@mlan/core";
import type { NetworkAdapter } from "../adapter/network-adapter.ts";
import type { Architecture } from "../architectures/architecture.ts";
import type { CheckpointVision } from "../checkpoint/open-checkpoint.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { WeightFormat } from "../weights/weight-format.ts";
import type { Base } from "./base-file.ts";
import type { CarriedFiles } from "./carried-files.ts";

/** Everything that a saved folder is written from. */
export interface CheckpointContent {
  readonly architecture: Architecture;
  readonly language: LanguageConfig;
  readonly format: ConversationFormat;
  readonly vision: CheckpointVision | undefined;
  /** All of them, under the names of LLaVA; read one at a time. */
  readonly weights: readonly Parameter[];
  /** The adapter that is apart from them; its parameters are among `weights`. */
  readonly adapter?: NetworkAdapter | undefined;
  readonly tokenizer: Tokenizer;
  readonly carried: CarriedFiles;
  /** The folders that the model was opened from. */
  readonly base: Base;
  /** The components whose weights differ from those in `base`. */
  readonly changed: ReadonlySet<Component>;
  /** How the model was opened. */
  readonly weightFormat?: WeightFormat | undefined;
}

/** What a layout makes of it. */
export interface LaidOut {
  readonly config: unknown;
  readonly weights: readonly Parameter[];
  /** Files beside the weights and `config.json`, by name. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
}
