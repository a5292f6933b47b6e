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
  /** Prompts are worded for the model, so models were asked differently. */
  | "wording"
  /** A metric that is undefined for these answers, and shown as 0. */
  | "undefined-metric"
  /** Many answers could not be read. */
  | "unreadable-answers"
  /** Prompts were truncated. */
  | "truncated-prompts"
  /** Data from which nothing is learned, or another warning of a trainer. */
  | "training"
  /** A notice of the model, e.g. that its projector is new. */
  | "notice"
  /** What an older version of mlan did not record. */
  | "not-recorded";

export interface Provenance {
  readonly datasets: readonly DatasetView[];
  /** The models that the runs started from; one entry per distinct content. */
  readonly weights: readonly WeightsView[];
  /** Versions by package name; several only if runs differ. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly seeds: readonly number[];
  /** The plan of each run: plugins and stages with their settings. */
  readonly plans: readonly PlanView[];
  /** The commands that started the runs; empty in older runs, and in those that a program started. */
  readonly reproduce: readonly string[];
}

export interface DatasetView {
  readonly name: string;
  readonly role: "training" | "benchmark";
  /** Names of the stages that read it. */
  readonly stages: readonly string[];
  /** Fingerprint of its rows. */
  readonly fingerprint: string;
  /** Number of examples, and of those with an image. Absent in older runs. */
  readonly examples?: { readonly count: number; readonly withImages: number };
  /** The datasets that it is made of (itself, unless it is a mixture). Empty in older runs. */
  readonly sources: readonly { readonly name: string; readonly card: DatasetCard }[];
}

export interface WeightsView {
  /** The plugin that opened the model, e.g. "@mlan/model-llama2", and its settings with repositories and revisions. */
  readonly plugin: string;
  readonly settings: unknown;
  /** Places that it was read from, by kind of content; for information only. */
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
