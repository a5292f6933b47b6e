import type { Component, ConversationFormat, Parameter } from "@mlan/core";
import type { NetworkAdapter } from "../adapter/network-adapter.ts";
import type { Architecture } from "../architectures/architecture.ts";
import type { CheckpointVision } from "../checkpoint/open-checkpoint.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { WeightFormat } from "../weights/weight-format.ts";
import type { Base } from "./base-file.ts";
import type { CopiedFiles } from "./copied-files.ts";

/** The data of a checkpoint folder. */
export interface CheckpointContent {
  readonly architecture: Architecture;
  readonly language: LanguageConfig;
  readonly format: ConversationFormat;
  /** Fingerprint of the template in the conversation format; see `templateFingerprint`. */
  readonly templateFingerprint: string | undefined;
  readonly vision: CheckpointVision | undefined;
  /** All weights, with the names of LLaVA. They are read one at a time. */
  readonly weights: readonly Parameter[];
  /** The adapter, unless it is merged. Its parameters are among `weights`. */
  readonly adapter?: NetworkAdapter | undefined;
  readonly tokenizer: Tokenizer;
  readonly copied: CopiedFiles;
  /** The folders from which the model was opened. */
  readonly base: Base;
  /** The components that differ from `base`. */
  readonly changed: ReadonlySet<Component>;
  readonly weightFormat?: WeightFormat | undefined;
}

/** A folder's content in one layout. */
export interface LaidOut {
  readonly config: unknown;
  readonly weights: readonly Parameter[];
  /** Files by name, without weights and `config.json`. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
}
