import type { DatasetCard } from "@mlan/core";

export interface Warning {
  readonly kind: WarningKind;
  /** One or more sentences. */
  readonly text: string;
  readonly run?: string;
  readonly stage?: string;
  readonly benchmark?: string;
  readonly protocol?: string;
}

export type WarningKind =
  /** A folder, or a part of it, cannot be read. */
  | "unreadable-run"
  /** A file differs from what the run wrote. */
  | "damage"
  | "unfinished"
  | "failed"
  /** Answers were not kept, or only some of them. */
  | "answers-missing"
  | "not-comparable"
  /** The models were asked with different wordings. */
  | "wording"
  /** A metric is undefined for these answers and is shown as 0. */
  | "undefined-metric"
  /** Many answers could not be read. */
  | "unreadable-answers"
  /** Prompts were truncated. */
  | "truncated-prompts"
  /** A warning of the trainer, e.g. of conversations without supervised tokens. */
  | "training"
  /** A notice of the model, e.g. that its projector is new. */
  | "notice"
  /** An older version of mlan wrote the run and did not record everything. */
  | "not-recorded";

export interface Provenance {
  readonly datasets: readonly DatasetView[];
  /** The models that the runs started from; one entry per distinct content. */
  readonly weights: readonly WeightsView[];
  /** Versions of each package, by its name. A package has several versions only if the runs used different ones. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly seeds: readonly number[];
  /** The plan of each run: plugins and stages with their settings. */
  readonly plans: readonly PlanView[];
  /** The commands that started the runs. Runs of older versions, and runs started by a program, have none. */
  readonly reproduce: readonly string[];
}

export interface DatasetView {
  readonly name: string;
  readonly role: "training" | "benchmark";
  /** Names of the stages that read the dataset. */
  readonly stages: readonly string[];
  /** Fingerprint of the rows. */
  readonly fingerprint: string;
  /** Number of examples, and number of examples with an image. Absent in older runs. */
  readonly examples?: { readonly count: number; readonly withImages: number };
  /** The datasets of a mixture; for any other dataset, only itself. Empty in older runs. */
  readonly sources: readonly { readonly name: string; readonly card: DatasetCard }[];
}

export interface WeightsView {
  /** The plugin that opened the model, e.g. "@mlan/model-llama2", and its settings with repositories and revisions. */
  readonly plugin: string;
  readonly settings: unknown;
  /** Where the files were read from, by kind of content. For information only. */
  readonly places: Readonly<Record<string, string>>;
  /** SHA-256 of all files; absent when the source does not report them. */
  readonly digest?: string;
  /** SHA-256 of each file by name. */
  readonly files: Readonly<Record<string, string>>;
}

export interface PlanView {
  readonly run: string;
  readonly plugins: readonly { readonly name: string; readonly settings?: unknown }[];
  readonly stages: readonly { readonly name: string; readonly kind: string; readonly settings: unknown }[];
}
